import { chmod, mkdir, rm } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { ContainerConfigError } from '../containers/config-error';
import { errorText } from '../error-text';
import { expand } from '../containers/expand';
import { uidOf } from '../pods/pod-spec';
import { wholeValue } from '../quantities';
import { writeAtomically } from './atomic-writer';
import { prepareHostPath } from './host-path';
import { type Mounter } from './mounter';
import { setGroupOwnership } from './ownership';
import { type PodDirectories } from './pod-directories';
import { bindSubPath, checkSubPath, makeSubPath } from './sub-path';
import { volumePayload, type PayloadSources } from './volume-payload';

/** A volume could not be made; the message is upstream's. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface PodVolumesDeps {
  readonly directories: PodDirectories;
  readonly mounter: Mounter;
  readonly log: Logger;
  readonly sources: (pod: corev1.Pod) => PayloadSources;
}

/** The volumes of a node's pods. Every step may be repeated. */
export class PodVolumes {
  constructor(private readonly deps: PodVolumesDeps) {}

  /** Makes the node's own directories. */
  async start(): Promise<void> {
    const { directories, mounter, log } = this.deps;
    await mkdir(directories.pods, { recursive: true, mode: 0o750 });
    await mkdir(directories.memory, { recursive: true, mode: 0o750 });
    await mkdir(directories.logs, { recursive: true, mode: 0o755 });
    if ((await mounter.below(directories.memory)).length > 0) return;
    try {
      await mounter.tmpfs(directories.memory, ['mode=0750']);
    } catch (error) {
      log.warn({ err: error, directory: directories.memory }, 'no memory file system: secrets are written to disk');
    }
  }

  /** Makes all volumes of a pod; throws VolumeError with the first failure. */
  async prepare(pod: corev1.Pod): Promise<void> {
    await mkdir(this.deps.directories.pod(uidOf(pod)), { recursive: true, mode: 0o750 });
    await Promise.all((pod.spec?.volumes ?? []).map(async (volume) => {
      try {
        await this.#prepareVolume(pod, volume);
      } catch (error) {
        throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${errorText(error)}`, { cause: error });
      }
    }));
  }

  /** Whether some volume follows changes of what it shows. */
  static isLive(pod: corev1.Pod): boolean {
    return (pod.spec?.volumes ?? []).some((volume) => volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
  }

  /** Where a volume of a pod is on this node. */
  path(pod: corev1.Pod, volume: corev1.Volume): string {
    const { directories } = this.deps;
    const uid = uidOf(pod);
    if (volume.hostPath) return volume.hostPath.path;
    if (volume.emptyDir) return directories.volume(uid, 'empty-dir', volume.name);
    if (volume.configMap) return directories.volume(uid, 'configmap', volume.name);
    if (volume.secret) return directories.memoryVolume(uid, 'secret', volume.name);
    if (volume.downwardAPI) return directories.memoryVolume(uid, 'downward-api', volume.name);
    if (volume.projected) return directories.memoryVolume(uid, 'projected', volume.name);
    throw new Error(`no volume plugin matched name: ${Object.keys(volume).filter((key) => key !== 'name').join(', ')}`);
  }

  /** The mounts of one container; throws ContainerConfigError. */
  async mounts(pod: corev1.Pod, container: corev1.Container, environment: ReadonlyMap<string, string>): Promise<runtimev1.Mount[]> {
    const mounts: runtimev1.Mount[] = [];
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const volume = pod.spec?.volumes?.find(({ name }) => name === mount.name);
      if (!volume) throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
      try {
        mounts.push(runtimev1.Mount.fromPartial({
          containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
          hostPath: await this.#mountedPath(pod, container, volume, mount, index, environment),
          // What an atomic writer keeps is not to be changed by containers.
          readonly: mount.readOnly === true || !(volume.emptyDir ?? volume.hostPath),
          propagation: propagations[mount.mountPropagation ?? 'None'] ?? runtimev1.MountPropagation.PROPAGATION_PRIVATE,
        }));
      } catch (error) {
        throw new ContainerConfigError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${errorText(error)}`, { cause: error });
      }
    }
    return mounts;
  }

  /** Unmounts and removes a pod's volumes; what its containers left to say stays. */
  async removeVolumes(uid: string): Promise<void> {
    const { directories } = this.deps;
    await this.#remove([directories.podVolumes(uid), directories.podSubPaths(uid), directories.podMemory(uid)]);
  }

  /** Unmounts and removes everything of a pod but its logs. */
  async remove(uid: string): Promise<void> {
    const { directories } = this.deps;
    await this.#remove([directories.pod(uid), directories.podMemory(uid)]);
  }

  async #remove(all: readonly string[]): Promise<void> {
    const { mounter } = this.deps;
    for (const directory of all) {
      for (const point of await mounter.below(directory)) await mounter.unmount(point);
      // A file system that is still mounted may hold what is not ours to delete.
      const left = await mounter.below(directory);
      if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #prepareVolume(pod: corev1.Pod, volume: corev1.Volume): Promise<void> {
    const path = this.path(pod, volume);
    if (volume.hostPath) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type);
      return;
    }
    const group = pod.spec?.securityContext?.fsGroup;
    if (volume.emptyDir) {
      await this.#prepareEmptyDir(path, volume.emptyDir, group);
      return;
    }
    const payload = await volumePayload(pod, volume, this.deps.sources(pod));
    if (!payload) return;
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    await writeAtomically(path, payload, group === undefined ? undefined : (directory) => setGroupOwnership(directory, group, true));
  }

  async #prepareEmptyDir(path: string, { medium, sizeLimit }: corev1.EmptyDirVolumeSource, group: number | undefined): Promise<void> {
    await mkdir(path, { recursive: true });
    const { mounter } = this.deps;
    if (medium === 'Memory' && (await mounter.below(path)).length === 0) {
      const bytes = wholeValue(sizeLimit);
      await mounter.tmpfs(path, ['mode=0777', ...(bytes > 0 ? [`size=${bytes}`] : [])]);
    }
    await chmod(path, 0o777);
    if (group !== undefined) await setGroupOwnership(path, group, false);
  }

  async #mountedPath(
    pod: corev1.Pod, container: corev1.Container, volume: corev1.Volume, mount: corev1.VolumeMount, index: number, environment: ReadonlyMap<string, string>,
  ): Promise<string> {
    const path = this.path(pod, volume);
    const subPath = mount.subPathExpr ? expandSubPath(mount.subPathExpr, environment) : mount.subPath ?? '';
    if (subPath === '') return path;
    checkSubPath(subPath);
    const { directories, mounter, log } = this.deps;
    const direct = await makeSubPath(path, subPath);
    try {
      return await bindSubPath(mounter, path, subPath, directories.subPath(uidOf(pod), volume.name, container.name, index));
    } catch (error) {
      if (process.getuid?.() === 0) throw error;
      log.debug({ err: error, path: direct }, 'sub-path is used without a bind mount');
      return direct;
    }
  }
}

function expandSubPath(text: string, environment: ReadonlyMap<string, string>): string {
  return expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new Error(`missing value for ${name}`);
    return value;
  });
}

const propagations: Record<string, runtimev1.MountPropagation> = {
  None: runtimev1.MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: runtimev1.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: runtimev1.MountPropagation.PROPAGATION_BIDIRECTIONAL,
};
