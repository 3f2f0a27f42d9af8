import { type corev1 } from '@navarch/api';
import { CsiDrivers } from '../csi/csi-drivers';
import { CsiNodeObject } from '../csi/csi-node';
import { CsiNodeStart } from '../csi/csi-node-start';
import { CsiPluginHandler } from '../csi/csi-plugin-handler';
import { VolumeLimits } from '../csi/volume-limits';
import { DevicePlugins } from '../devices/device-plugins';
import { DeviceHealth } from '../dra/device-health';
import { DraDrivers } from '../dra/dra-drivers';
import { ResourceClaims } from '../dra/resource-claims';
import { SliceWiping } from '../dra/slice-wiping';
import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { type PodDirectories } from '../volumes/pod-directories';
import { ApiVolumeObjects } from '../volumes/volume-objects';
import { PluginWatcher } from './plugin-watcher';

/** What registers with a kubelet, and what is asked of it. */
export interface PluginParts {
  readonly devices: DevicePlugins;
  readonly csiDrivers: CsiDrivers;
  readonly csiNode: CsiNodeStart;
  readonly volumeLimits: VolumeLimits;
  readonly draDrivers: DraDrivers;
  readonly claims: ResourceClaims;
  readonly slices: SliceWiping;
  readonly watcher: PluginWatcher;
}

export interface PluginSurroundings {
  readonly directories: PodDirectories;
  /** The Node object, once it is in the API. */
  readonly nodeObject: () => corev1.Node | undefined;
  /** Memory banks of the machine, by number. */
  readonly numaNodes: () => readonly number[];
  /** What plug-ins add to the node has changed. */
  readonly onDevices: () => void;
  /** What pods have of them may be in another condition than before. */
  readonly onHealth: () => void;
}

export function makePlugins({ identity, rootDir }: KubeletOptions, { client, clock, log, metrics }: KubeletDeps, { directories, nodeObject, numaNodes, onDevices, onHealth }: PluginSurroundings): PluginParts {
  const devices = new DevicePlugins({ directory: directories.devicePlugins, log, metrics, numaNodes, onChange: onDevices });
  const csiDrivers = new CsiDrivers((...call) => metrics.storage.csiCall(...call));
  const csiNode = new CsiNodeObject(identity.name, { client, nodeUid: () => nodeObject()?.metadata.uid });
  const objects = new ApiVolumeObjects(client);
  const volumeLimits = new VolumeLimits({ drivers: csiDrivers, node: csiNode, object: (driver) => objects.csiDriver(driver), clock, log });
  const slices = new SliceWiping({ client, clock, log, nodeName: identity.name, nodeIsKnown: () => nodeObject() !== undefined });
  const health = new DeviceHealth({ clock, log, onChange: onHealth });
  const draDrivers = new DraDrivers({ metrics: metrics.dra, health, onChange: (driver, isThere) => slices.follow(driver, isThere) });
  const claims = new ResourceClaims({ client, rootDir, drivers: draDrivers, health, metrics: metrics.dra, log });
  const watcher = new PluginWatcher(directories.pluginsRegistry, {
    DevicePlugin: devices,
    DRAPlugin: draDrivers,
    CSIPlugin: new CsiPluginHandler(csiDrivers, csiNode, volumeLimits),
  }, { clock, log });
  metrics.plugins.follow(() => watcher.sockets);
  return { devices, csiDrivers, csiNode: new CsiNodeStart({ csiNode, nodeIsKnown: () => nodeObject() !== undefined, clock, log }), volumeLimits, draDrivers, claims, slices, watcher };
}
