import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { listDirectory as list } from './volume-record';
import { type PodDirectories } from '../volumes/pod-directories';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Where volumes of CSI drivers are: upstream's paths, so that its drivers and tools find them. */
export class CsiPaths {
  constructor(private readonly directories: PodDirectories) {}

  staging(driver: string, handle: string, specName: string, block: boolean): string {
    return block ? join(this.directories.csi, 'volumeDevices', 'staging', specName) : join(this.directories.csi, driver, sha256(handle), 'globalmount');
  }

  /** Where it is written that a volume is staged. */
  staged(driver: string, handle: string, specName: string, block: boolean): string {
    return block ? join(this.directories.csi, 'volumeDevices', specName, 'data') : join(this.directories.csi, driver, sha256(handle));
  }

  /** All directories in which that may be written. */
  async stagedDirectories(): Promise<string[]> {
    const within = async (...names: readonly string[]): Promise<string[]> => (await list(join(this.directories.csi, ...names))).map((name) => join(this.directories.csi, ...names, name));
    const drivers = (await list(this.directories.csi)).filter((name) => name !== 'volumeDevices');
    const [files, devices] = [await Promise.all(drivers.map((driver) => within(driver))), await within('volumeDevices')];
    return [...files.flat(), ...devices.map((device) => join(device, 'data'))];
  }

  /** The directory of a pod's volume, with what is needed to take it down. */
  volume(uid: string, specName: string): string {
    return this.directories.csiVolume(uid, specName);
  }

  target(uid: string, specName: string, block: boolean): string {
    return block ? join(this.directories.csi, 'volumeDevices', 'publish', specName, uid) : join(this.volume(uid, specName), 'mount');
  }

  volumes(uid: string): string {
    return this.directories.csiVolume(uid, '.');
  }

  get pods(): string {
    return this.directories.pods;
  }
}

/** The name of the object that says whether a volume is attached to a node. */
export function attachmentName(handle: string, driver: string, node: string): string {
  return `csi-${sha256(`${handle}${driver}${node}`)}`;
}

/** The name by which a node's status knows a volume. */
export function uniqueVolumeName(driver: string, handle: string): string {
  return `kubernetes.io/csi/${driver}^${handle}`;
}

/** The handle of a volume that lives and dies with its pod. */
export function inlineHandle(podUid: string, volumeName: string): string {
  return `csi-${sha256(`${podUid}${volumeName}`)}`;
}
