import { chmod, mkdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { uidOf } from '../pods/pod-spec';
import { plain, writeAtomically, type Payload } from './atomic-writer';
import { EmptyDirs } from './empty-dir';
import { prepareHostPath } from './host-path';
import { isSharedLocal, localKind, mountOnce, prepareLocal } from './local-volume';
import { nestedMountPoints } from './nested-mounts';
import { nfsMount } from './nfs';
import { OneAtATime } from './one-at-a-time';
import { setGroupOwnership, type OwnershipOptions, type OwnershipPolicy } from './ownership';
import { tellingProgress } from './ownership-progress';
import { pluginName } from './plugin-name';
import { type PodVolumesDeps } from './pod-volumes';
import { type ResolvedVolume } from './resolved-volume';
import { type VolumeGrowth } from './volume-growth';
import { type VolumeOperations } from './volume-operations';
import { volumePayload } from './volume-payload';

export interface VolumeSetUpDeps extends Pick<PodVolumesDeps, 'directories' | 'mounter' | 'events' | 'clock' | 'log' | 'csi' | 'sources'> {
  readonly operations: VolumeOperations;
  readonly growth: VolumeGrowth;
}

/** Puts volumes of each kind up, at their paths. */
export class VolumeSetUp {
  readonly #emptyDirs: EmptyDirs;
  /** A pod may name one volume twice. */
  readonly #turns = new OneAtATime();

  constructor(private readonly deps: VolumeSetUpDeps) {
    this.#emptyDirs = new EmptyDirs(deps.mounter);
  }

  async putUp(pod: corev1.Pod, volume: ResolvedVolume, path: string): Promise<void> {
    const { source, readOnly } = volume;
    const group = pod.spec?.securityContext?.fsGroup;
    switch (source.kind) {
      case 'hostPath':
        await prepareHostPath(source.hostPath.path, source.hostPath.type);
        break;
      case 'emptyDir':
        await this.#emptyDirs.prepare(pod, path, source.emptyDir, this.deps.sources(pod).allocatable, this.deps.directories.ready(uidOf(pod), 'empty-dir', volume.name), async () => {
          if (group !== undefined) await this.#giveToGroup(pod, volume, path, group);
        });
        break;
      case 'nfs': {
        const { type, source: from, options } = nfsMount(source.nfs, readOnly, volume.mountOptions);
        await this.#turns.run(volume.specName, () => mountOnce(this.deps.mounter, path, () => this.deps.mounter.mount(type, from, path, options)));
        break;
      }
      case 'local':
        await this.#prepareLocal(pod, source.local, path, volume);
        break;
      case 'csi':
      case 'csiInline':
        await this.deps.csi.setUp(pod, volume, (gid) => this.#giveToGroup(pod, volume, path, gid));
        await this.deps.growth.follow(pod, volume);
        break;
      case 'image':
        // The runtime mounts it.
        break;
      case 'inline':
        await this.#writePayload(pod, source.volume, path, group);
        break;
    }
  }

  /** Gives a volume's files to the pod's group. */
  #giveToGroup(pod: corev1.Pod, { source }: ResolvedVolume, path: string, group: number): Promise<void> {
    return this.deps.operations.observed([pluginName(source)], 'volume_fsgroup_recursive_apply', () => tellingProgress(pod, path, this.deps, (onFile) => this.#changeGroup(path, { group, readOnly: false, policy: policyOf(pod), onFile })));
  }

  /** What cannot be changed is in the log, once for a volume. */
  async #changeGroup(path: string, options: Omit<OwnershipOptions, 'onProblem'>): Promise<void> {
    let [first, count]: [unknown, number] = [undefined, 0];
    await setGroupOwnership(path, { ...options, onProblem: (error) => {
      first ??= error;
      count++;
    } });
    if (count > 0) this.deps.log.warn({ err: first, path, count }, 'not all of a volume could be given to its pod\'s group');
  }

  async #writePayload(pod: corev1.Pod, volume: corev1.Volume, path: string, group: number | undefined): Promise<void> {
    const payload = await volumePayload(pod, volume, this.deps.sources(pod));
    if (!payload) return;
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    const keep = await makeMountPoints(pod, volume.name, path, payload);
    await writeAtomically(path, payload, { keep, ...(group === undefined ? {} : { beforeSwitch: (directory) => this.#changeGroup(directory, { group, readOnly: true }) }) });
  }

  #prepareLocal(pod: corev1.Pod, local: corev1.LocalVolumeSource, path: string, volume: ResolvedVolume): Promise<void> {
    const { mounter, events, directories } = this.deps;
    const { specName } = volume;
    return this.#turns.run(specName, () => prepareLocal(pod, local, path, volume, {
      mounter, events, ready: directories.ready(uidOf(pod), localKind, specName), isShared: () => isSharedLocal(uidOf(pod), specName, this.deps),
      giveToGroup: (group) => this.#giveToGroup(pod, volume, path, group),
    }));
  }
}

/** Makes what other volumes are mounted on, where no file is or is to be; answers with the names of that in the volume. */
async function makeMountPoints(pod: corev1.Pod, volumeName: string, path: string, payload: Payload): Promise<ReadonlySet<string>> {
  const nameOf = (place: string): string => plain(place).split('/')[0] ?? '';
  const files = new Set([...payload.keys()].map(nameOf));
  const names = new Set<string>();
  for (const point of nestedMountPoints(pod, volumeName)) {
    const name = nameOf(point);
    const isLink = await readlink(join(path, name)).then(() => true, () => false);
    if (files.has(name) || isLink) continue;
    await mkdir(join(path, point), { recursive: true, mode: 0o755 });
    names.add(name);
  }
  return names;
}

function policyOf(pod: corev1.Pod): OwnershipPolicy {
  return pod.spec?.securityContext?.fsGroupChangePolicy === 'OnRootMismatch' ? 'OnRootMismatch' : 'Always';
}
