import { mkdir } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import type { runtimev1 } from '@navarch/proto';
import { nodeSelectorMatches } from '@navarch/scheduling';
import { ContainerConfigError } from '../containers/config-error';
import { uniqueVolumeName } from '../csi/csi-paths';
import { type CsiVolumes } from '../csi/csi-volumes';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { type MeasurableVolume } from '../node-service/volume-stats';
import { type AdmittingNode } from '../pods/admit-node';
import { uidOf } from '../pods/pod-spec';
import { AttachmentWaits } from './attachment-waits';
import { containerMounts } from './container-mounts';
import { FileSystemMismatchError } from './disks';
import { ExclusiveVolumes } from './exclusive-volumes';
import { type Mounter } from './mounter';
import { countPlugins, pluginName } from './plugin-name';
import { type PodDirectories } from './pod-directories';
import { resolveVolume, type ResolvedVolume } from './resolved-volume';
import { unmountAndRemove } from './remove-tree';
import { readInside } from './sub-path';
import { type VolumeTotals } from './storage-metrics';
import { usedVolumes } from './used-volumes';
import { failureOf, VolumeError, VolumeStepError } from './volume-error';
import { groupsOfVolumes } from './volume-groups';
import { VolumeGrowth } from './volume-growth';
import { type VolumeObjects } from './volume-objects';
import { VolumeOperations, type VolumeOperationsDeps } from './volume-operations';
import { volumePath } from './volume-path';
import { type PayloadSources } from './volume-payload';
import { VolumeSetUp } from './volume-set-up';

export interface PodVolumesDeps {
  readonly directories: PodDirectories;
  readonly mounter: Mounter;
  readonly log: Logger;
  readonly objects: VolumeObjects;
  readonly csi: Pick<CsiVolumes, 'path' | 'setUp' | 'renew' | 'tearDown' | 'expand' | 'usage' | 'start' | 'inUse' | 'tidy'>;
  readonly events: EventSink;
  readonly clock: Clock;
  /** By what volumes name the nodes that they can be used from. */
  readonly node: () => Pick<AdmittingNode, 'name' | 'labels'>;
  /** Sees to it that an image volume's image is there, and says what the runtime knows it by. Throws where the runtime cannot mount images. */
  readonly image: (pod: corev1.Pod, volumeName: string, source: corev1.ImageVolumeSource) => Promise<string>;
  readonly sources: (pod: corev1.Pod) => PayloadSources;
  readonly onOperation?: VolumeOperationsDeps['onOperation'];
}

/** The volumes of a node's pods. Every step may be repeated. */
export class PodVolumes {
  /** What the volumes of each pod are, by uid: known once they have been prepared. */
  readonly #known = new Map<string, ReadonlyMap<string, ResolvedVolume>>();
  /** What volumes pods want, by uid. */
  readonly #wanted = new Map<string, readonly ResolvedVolume[]>();
  readonly #images = new Map<string, string>();
  readonly #operations: VolumeOperations;
  readonly #setUp: VolumeSetUp;
  readonly #exclusive: ExclusiveVolumes;
  readonly #waits: AttachmentWaits;
  readonly #growth: VolumeGrowth;

  constructor(private readonly deps: PodVolumesDeps) {
    this.#growth = new VolumeGrowth(deps);
    this.#operations = new VolumeOperations(deps);
    this.#setUp = new VolumeSetUp({ ...deps, operations: this.#operations, growth: this.#growth });
    this.#waits = new AttachmentWaits(deps.clock);
    this.#exclusive = new ExclusiveVolumes(deps.directories);
  }

  /** Makes the node's own directories. */
  async start(): Promise<void> {
    const { directories, mounter, log } = this.deps;
    await mkdir(directories.pods, { recursive: true, mode: 0o750 });
    await mkdir(directories.memory, { recursive: true, mode: 0o750 });
    await mkdir(directories.logs, { recursive: true, mode: 0o755 });
    await this.deps.csi.start();
    if ((await mounter.below(directories.memory)).length > 0) return;
    try {
      await mounter.tmpfs(directories.memory, ['mode=0750']);
    } catch (error) {
      log.warn({ err: error, directory: directories.memory }, 'no memory file system: secrets are written to disk');
    }
  }

  /** Makes all volumes that a pod uses; throws VolumeError with the first failure. */
  async prepare(pod: corev1.Pod): Promise<void> {
    const uid = uidOf(pod);
    await mkdir(this.deps.directories.pod(uid), { recursive: true, mode: 0o750 });
    await this.#prepareAll(pod, usedVolumes(pod), new Map()).catch((error: unknown) => {
      throw this.#waits.judge(uid, error);
    });
    this.#waits.forget(uid);
  }

  /** Makes these beside those that there are. */
  async #prepareAll(pod: corev1.Pod, volumes: readonly corev1.Volume[], known: ReadonlyMap<string, ResolvedVolume>): Promise<void> {
    const resolved = await Promise.all(volumes.map((volume) => this.#resolve(pod, volume)));
    this.#wanted.set(uidOf(pod), [...known.values(), ...resolved]);
    await Promise.all(resolved.map((volume) => this.#named(volume, () => {
      this.#checkPlace(volume);
      return this.#exclusive.use(uidOf(pod), volume, () => this.#prepareVolume(pod, volume));
    })));
    this.#known.set(uidOf(pod), new Map([...known, ...resolved.map((volume) => [volume.name, volume] as const)]));
  }

  /** An ephemeral container, which comes when the others have their volumes, may be the first to use one. */
  async #prepareLate(pod: corev1.Pod): Promise<void> {
    const known = this.#known.get(uidOf(pod));
    const late = known && usedVolumes(pod).filter(({ name }) => !known.has(name));
    if (known && late && late.length > 0) await this.#prepareAll(pod, late, known);
  }

  /** Brings those volumes up to date that show what may change. */
  async refresh(pod: corev1.Pod): Promise<void> {
    for (const volume of this.#known.get(uidOf(pod))?.values() ?? []) {
      const { kind } = volume.source;
      if (kind === 'inline') await this.#named(volume, () => this.#prepareVolume(pod, volume));
      if (kind === 'csi' || kind === 'csiInline') await this.#named(volume, () => this.deps.csi.renew(pod, volume));
      // What it is made of may have grown meanwhile.
      const own = pod.spec?.volumes?.find(({ name }) => name === volume.name);
      if (kind === 'csi' && own) await this.#growth.follow(pod, await this.#resolve(pod, own));
    }
  }

  /** Whether some volume follows changes of what it shows. */
  static isLive(pod: corev1.Pod): boolean {
    return (pod.spec?.volumes ?? []).some((volume) => volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected ?? volume.csi ?? volume.persistentVolumeClaim ?? volume.ephemeral);
  }

  /** Names of volumes that are, or are about to be, mounted on this node: what the Node's status says are in use. */
  get inUse(): string[] {
    const names = [...this.#wanted.values(), ...[...this.#known.values()].map((volumes) => [...volumes.values()])].flat().flatMap(({ source }) => (source.kind === 'csi' ? [uniqueVolumeName(source.csi.driver, source.csi.volumeHandle)] : []));
    return [...new Set([...names, ...this.deps.csi.inUse])].sort();
  }

  /** Lets go what no pod uses any more and could not be let go before. */
  tidy(): Promise<void> {
    return this.deps.csi.tidy();
  }

  /** Groups that a pod's containers are to be in, because its volumes say that they are theirs. */
  groups(uid: string): number[] {
    return groupsOfVolumes(this.#known.get(uid)?.values() ?? [], this.deps.log);
  }

  /** How many volumes there are, by plug-in; those whose claims lead nowhere yet are not among them. */
  get totals(): VolumeTotals {
    return { desired: countPlugins(this.#wanted.values()), actual: countPlugins([...this.#known.values()].map((volumes) => volumes.values())) };
  }

  /** Volumes of a pod that take room which can be measured: not those that are the node's own directories. Drivers may tell of theirs. */
  measurable(uid: string): MeasurableVolume[] {
    return [...this.#known.get(uid)?.values() ?? []].filter(({ source }) => source.kind !== 'hostPath' && source.kind !== 'image').map((volume) => ({
      name: volume.name, path: this.#path(uid, volume), block: volume.block, ask: () => this.deps.csi.usage(uid, volume), ...(volume.claim ? { claim: { name: volume.claim.metadata.name ?? '', namespace: volume.claim.metadata.namespace ?? '' } } : {}),
    }));
  }

  /** The mounts of one container; `canBeRecursive`: its runtime can make whole trees read-only. Throws ContainerConfigError. */
  async mounts(pod: corev1.Pod, container: corev1.Container, environment: ReadonlyMap<string, string>, canBeRecursive: boolean): Promise<runtimev1.Mount[]> {
    const { directories, mounter, log } = this.deps;
    await this.#prepareLate(pod).catch((error: unknown) => {
      throw new ContainerConfigError(errorText(error), { cause: error });
    });
    return containerMounts(pod, container, {
      directories, mounter, log, environment, canBeRecursive, volume: (name) => this.#volumeOf(pod, container, name), path: (volume) => this.#path(uidOf(pod), volume),
      image: (volume) => this.#images.get(imageKey(pod, volume)) ?? '',
    });
  }

  /** The block volumes of one container, as devices. */
  devices(pod: corev1.Pod, container: corev1.Container): runtimev1.Device[] {
    return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
      const volume = this.#volumeOf(pod, container, name);
      return { containerPath: devicePath, hostPath: this.#path(uidOf(pod), volume), permissions: volume.readOnly ? 'r' : 'mrw' };
    });
  }

  /** A file in a volume, as `fileKeyRef` reads it; throws for one that is not inside it. */
  readFile(pod: corev1.Pod, volumeName: string, path: string): Promise<Buffer> {
    const volume = this.#known.get(uidOf(pod))?.get(volumeName);
    if (volume?.source.kind !== 'emptyDir') throw new ContainerConfigError(`cannot find emptyDir volume "${volumeName}" to read variables from`);
    return readInside(this.#path(uidOf(pod), volume), path);
  }

  /** Unmounts and removes a pod's volumes; what its containers left to say stays. */
  async removeVolumes(uid: string): Promise<void> {
    const { directories, csi, mounter } = this.deps;
    const plugins = [...this.#known.get(uid)?.values() ?? []].map(({ source }) => pluginName(source));
    await this.#operations.observed(plugins, 'volume_unmount', async () => {
      await csi.tearDown(uid);
      for (const directory of [directories.podVolumes(uid), directories.podSubPaths(uid), directories.podMemory(uid)]) await unmountAndRemove(mounter, directory);
    });
    this.#known.delete(uid);
    this.#wanted.delete(uid);
    await this.#exclusive.release(uid);
    this.#waits.forget(uid);
    this.#growth.keep(new Set([...this.#wanted.values()].flatMap((volumes) => volumes.map(({ specName }) => specName))));
    for (const key of this.#images.keys()) if (key.startsWith(`${uid}/`)) this.#images.delete(key);
  }

  /** Unmounts and removes everything of a pod but its logs. */
  async remove(uid: string): Promise<void> {
    const { directories, mounter } = this.deps;
    await this.removeVolumes(uid);
    await unmountAndRemove(mounter, directories.pod(uid));
  }

  async #resolve(pod: corev1.Pod, volume: corev1.Volume): Promise<ResolvedVolume> {
    try {
      return await resolveVolume(pod, volume, this.deps.objects);
    } catch (error) {
      throw new VolumeError(`Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], failed to process volumes=[${volume.name}]: ${errorText(error)}`, 'FailedMount', { cause: error });
    }
  }

  async #named<T>(volume: ResolvedVolume, act: () => Promise<T>): Promise<void> {
    try {
      await this.#operations.observed([pluginName(volume.source)], 'volume_mount', act);
    } catch (error) {
      const { persistentVolume, specName } = volume;
      if (persistentVolume && error instanceof FileSystemMismatchError) this.deps.events.volume(persistentVolume, 'Warning', 'FailedMountOnFilesystemMismatch', `MountVolume failed for volume "${specName}" ${errorText(error)}`);
      throw failureOf(volume, error);
    }
  }

  /** Whoever bound its pod may have passed the scheduler by: on another node there may be something else at a local volume's path. */
  #checkPlace({ persistentVolume, source, block, mountOptions }: ResolvedVolume): void {
    const required = persistentVolume?.spec?.nodeAffinity?.required;
    if (required && !nodeSelectorMatches(required, this.deps.node())) throw new VolumeStepError('nodeAffinity', 'no matching NodeSelectorTerms');
    // It is not mounted by its options: they would be left out without a word.
    if (source.kind === 'hostPath' && !block && mountOptions.length > 0) throw new VolumeStepError('mountOptions', 'mount options are not supported for this volume type');
  }

  #path(uid: string, volume: ResolvedVolume): string {
    return volumePath(uid, volume, this.deps);
  }

  async #prepareVolume(pod: corev1.Pod, volume: ResolvedVolume): Promise<void> {
    const { source } = volume;
    if (source.kind === 'image') this.#images.set(imageKey(pod, volume), await this.deps.image(pod, volume.name, source.image));
    else await this.#setUp.putUp(pod, volume, this.#path(uidOf(pod), volume));
  }

  #volumeOf(pod: corev1.Pod, container: corev1.Container, name: string): ResolvedVolume {
    const volume = this.#known.get(uidOf(pod))?.get(name);
    if (!volume) throw new ContainerConfigError(`cannot find volume "${name}" to mount into container "${container.name}"`);
    return volume;
  }
}

function imageKey(pod: corev1.Pod, volume: ResolvedVolume): string {
  return `${uidOf(pod)}/${volume.name}`;
}
