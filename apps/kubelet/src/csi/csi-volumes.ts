import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { status as Code } from '@grpc/grpc-js';
import { type authenticationv1, type corev1, type storagev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { isRpcError } from '@navarch/rpc';
import { decodeSecret } from '../containers/environment';
import { errorText } from '../error-text';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { wholeValue } from '../quantities';
import { type ToldUsage } from '../node-service/volume-stats';
import { OneAtATime } from '../volumes/one-at-a-time';
import { type ResolvedVolume } from '../volumes/resolved-volume';
import { VolumeStepError, type VolumeStep } from '../volumes/volume-error';
import { CsiAttachments, type CsiAttachmentsDeps } from './csi-attachments';
import { type CsiDriver } from './csi-driver';
import { type CsiDrivers } from './csi-drivers';
import { inlineHandle, uniqueVolumeName, type CsiPaths } from './csi-paths';
import { removeIfEmpty, StagedVolumes, volumeKey } from './staged-volumes';
import { volumeCapability } from './volume-capability';
import { statsOf } from './volume-usage';
import { isUsedByOthers, listDirectory, readRecord, recordsOf, removeRecord, writeRecord, type VolumeRecord } from './volume-record';

/** Whoever asks what the node uses waits for the answer of each driver, and not for long. */
const statsTimeoutMs = 10_000;

export interface CsiVolumesDeps extends CsiAttachmentsDeps {
  readonly drivers: CsiDrivers;
  readonly paths: CsiPaths;
  /** A token for a pod's service account. */
  readonly token: (pod: corev1.Pod, audience: string, expirationSeconds: number | undefined) => Promise<{ token: string; expirationTimestamp: string }>;
  readonly log: Pick<Logger, 'warn'>;
}

/** What a volume is, whether a claim led to it or the pod itself names it. */
interface Wanted {
  readonly driver: CsiDriver;
  readonly object: storagev1.CSIDriver | undefined;
  readonly handle: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly fsType: string;
  readonly inline: boolean;
  readonly stageSecret: corev1.SecretReference | undefined;
  readonly publishSecret: corev1.SecretReference | undefined;
}

/** Volumes of CSI drivers: staged once on the node, published for each pod, and taken down in the opposite order. */
export class CsiVolumes {
  /** One step of a volume at a time: staging and unstaging must not meet. */
  readonly #steps = new OneAtATime();
  /** Volumes published by this process; after a restart each is published once more, which drivers must bear. */
  readonly #isUp = new Set<string>();
  /** Volumes that this process has begun to put up: of others it cannot say that they never were. */
  readonly #begun = new Set<string>();
  readonly #staged: StagedVolumes;
  /** What pods of this node have, or may have, by their uid and the volume's name: also what an earlier kubelet has put up. */
  readonly #ofPods = new Map<string, VolumeRecord>();

  readonly #attachments: CsiAttachments;

  constructor(private readonly deps: CsiVolumesDeps) {
    this.#attachments = new CsiAttachments(deps);
    this.#staged = new StagedVolumes(deps);
  }

  /** Finds what an earlier kubelet has left on the node. */
  async start(): Promise<void> {
    const { paths, log } = this.deps;
    for (const uid of await listDirectory(paths.pods)) {
      const records = await recordsOf(paths, uid).catch((error: unknown) => {
        log.warn({ err: error, pod: uid }, 'what volumes a pod has cannot be read');
        return [];
      });
      for (const record of records) this.#ofPods.set(`${uid}/${record.specVolID}`, record);
    }
    await this.#staged.recover();
  }

  /** Volumes that are still on the node, by the names that its status knows; those that live and die with their pods are nobody else's. */
  get inUse(): readonly string[] {
    return [...this.#staged.left, ...this.#ofPods.values()].filter(({ volumeLifecycleMode }) => volumeLifecycleMode === 'Persistent').map(({ driverName, volumeHandle }) => uniqueVolumeName(driverName, volumeHandle));
  }

  /** Tries again to let them go. */
  async tidy(): Promise<void> {
    for (const record of this.#staged.left) await this.#steps.run(volumeKey(record), () => this.#staged.unstage(record));
  }

  /** Where a container finds the volume: a directory, or a device. */
  path(uid: string, { specName, block }: ResolvedVolume): string {
    return this.deps.paths.target(uid, specName, block);
  }

  /** Puts a volume up, and gives its files to the pod's group where its driver does not: it is up when both are done. */
  setUp(pod: corev1.Pod, volume: ResolvedVolume, giveToGroup: (group: number) => Promise<void>): Promise<void> {
    return this.#setUp(pod, volume, false, giveToGroup);
  }

  /** Publishes one that is up already, for drivers that renew what is in it. */
  renew(pod: corev1.Pod, volume: ResolvedVolume): Promise<void> {
    return this.#setUp(pod, volume, true, () => Promise.resolve());
  }

  async #setUp(pod: corev1.Pod, volume: ResolvedVolume, again: boolean, giveToGroup: (group: number) => Promise<void>): Promise<void> {
    const wanted = await this.#wanted(pod, volume);
    return this.#steps.run(`${wanted.driver.name}/${wanted.handle}`, async () => {
      const known = await readRecord(this.deps.paths.volume(uidOf(pod), volume.specName));
      if (known && !again && this.#isUp.has(this.path(uidOf(pod), volume))) return;
      if (again && wanted.object?.spec.requiresRepublish !== true) return;
      const publishContext = wanted.inline || wanted.object?.spec.attachRequired === false ? {} : await this.#attachments.told({ ...wanted, driver: wanted.driver.name }, volume, again);
      const group = pod.spec?.securityContext?.fsGroup;
      const groupByDriver = group !== undefined && await wanted.driver.can('mountGroup');
      const capability = volumeCapability({
        accessModes: volume.accessModes, block: volume.block, fsType: wanted.fsType, mountOptions: volume.mountOptions,
        singleNodeMultiWriter: await wanted.driver.can('singleNodeMultiWriter'), ...(groupByDriver ? { mountGroup: group } : {}),
      });
      const staged = !wanted.inline && await wanted.driver.can('stage');
      const target = this.path(uidOf(pod), volume);
      const record: VolumeRecord = {
        specVolID: volume.specName, volumeHandle: wanted.handle, driverName: wanted.driver.name, nodeName: this.deps.nodeName,
        volumeLifecycleMode: wanted.inline ? 'Ephemeral' : 'Persistent', block: volume.block, staged,
      };
      if (!known) this.#begun.add(target);
      // Written first: whatever happens from here on can be taken down.
      await writeRecord(this.deps.paths.volume(uidOf(pod), volume.specName), record);
      this.#ofPods.set(`${uidOf(pod)}/${volume.specName}`, record);
      if (staged) await this.#staged.use(record);
      const staging = staged ? this.deps.paths.staging(wanted.driver.name, wanted.handle, volume.specName, volume.block) : '';
      if (staged && !this.#staged.isDone(record)) {
        await mkdir(staging, { recursive: true, mode: 0o750 });
        const secrets = await this.#secrets(wanted.stageSecret);
        await wanted.driver.node.nodeStageVolume({ volumeId: wanted.handle, publishContext, stagingTargetPath: staging, volumeCapability: capability, secrets, volumeContext: { ...wanted.attributes } })
          .catch(async (error: unknown) => {
            if (this.#begun.has(target) && hasEnded(error)) await this.#neverWas(uidOf(pod), record);
            throw new VolumeStepError('stage', errorText(error), { cause: error });
          });
        this.#staged.done(record);
      }
      const tokens = await this.#tokens(pod, wanted);
      const tokensAreSecret = wanted.object?.spec.serviceAccountTokenInSecrets === true;
      await mkdir(dirname(target), { recursive: true, mode: 0o750 });
      await wanted.driver.node.nodePublishVolume({
        volumeId: wanted.handle, publishContext, stagingTargetPath: staging, targetPath: target, volumeCapability: capability, readonly: volume.readOnly,
        secrets: { ...await this.#secrets(wanted.publishSecret), ...(tokensAreSecret ? tokens : {}) },
        volumeContext: { ...wanted.attributes, ...podContext(pod, wanted), ...(tokensAreSecret ? {} : tokens) },
      }).catch((error: unknown) => {
        throw new VolumeStepError('publish', errorText(error), { cause: error });
      });
      if (group !== undefined && !groupByDriver && !volume.block && !volume.readOnly && changesGroup(wanted, volume)) await giveToGroup(group);
      this.#isUp.add(target);
    });
  }

  /** Grows the file system of a volume that is up. Resolves with the driver's failure, where that is final; rejects where it is not. */
  async expand(pod: corev1.Pod, volume: ResolvedVolume, capacity: string): Promise<string | undefined> {
    const wanted = await this.#wanted(pod, volume);
    // A driver that has nothing to do on the node has done it all already.
    if (!await wanted.driver.can('expand')) return undefined;
    return this.#steps.run(`${wanted.driver.name}/${wanted.handle}`, async () => {
      const staged = await wanted.driver.can('stage');
      const secret = volume.source.kind === 'csi' ? volume.source.csi.nodeExpandSecretRef : undefined;
      try {
        await wanted.driver.node.nodeExpandVolume({
          volumeId: wanted.handle, volumePath: this.path(uidOf(pod), volume), stagingTargetPath: staged ? this.deps.paths.staging(wanted.driver.name, wanted.handle, volume.specName, volume.block) : '',
          capacityRange: { requiredBytes: BigInt(wholeValue(capacity)), limitBytes: 0n }, secrets: await this.#secrets(secret),
          volumeCapability: volumeCapability({ accessModes: volume.accessModes, block: volume.block, fsType: wanted.fsType, mountOptions: volume.mountOptions, singleNodeMultiWriter: await wanted.driver.can('singleNodeMultiWriter') }),
        });
        return undefined;
      } catch (error) {
        if (isFinal(error)) return errorText(error);
        throw error;
      }
    });
  }

  /** What a driver tells of a volume's use; undefined where it tells nothing. */
  async usage(uid: string, volume: ResolvedVolume): Promise<ToldUsage | undefined> {
    const { source } = volume;
    if (source.kind !== 'csi' && source.kind !== 'csiInline') return undefined;
    const driver = this.deps.drivers.get(source.csi.driver);
    const limits = { timeoutMs: statsTimeoutMs };
    if (!await driver.can('stats', limits)) return undefined;
    const volumeId = source.kind === 'csi' ? source.csi.volumeHandle : inlineHandle(uid, volume.name);
    const { usage } = await driver.node.nodeGetVolumeStats({ volumeId, volumePath: this.path(uid, volume), stagingTargetPath: '' }, limits);
    return { source: driver.name, stats: statsOf(usage) };
  }

  /** Takes down all of a pod's volumes; what cannot be taken down stays, and the next call tries again. */
  async tearDown(uid: string): Promise<void> {
    for (const record of await recordsOf(this.deps.paths, uid)) await this.#steps.run(`${record.driverName}/${record.volumeHandle}`, () => this.#tearDownOne(uid, record));
  }

  async #tearDownOne(uid: string, record: VolumeRecord): Promise<void> {
    const { paths, drivers } = this.deps;
    const { driverName, volumeHandle, specVolID, block, staged } = record;
    const target = paths.target(uid, specVolID, block);
    await drivers.get(driverName).node.nodeUnpublishVolume({ volumeId: volumeHandle, targetPath: target });
    this.#isUp.delete(target);
    this.#begun.delete(target);
    // Of a block volume that other pods have, too, their devices are in it.
    if (block) await removeIfEmpty(dirname(target));
    await removeRecord(paths.volume(uid, specVolID));
    this.#ofPods.delete(`${uid}/${specVolID}`);
    if (staged) await this.#staged.release(record);
  }

  /** The driver says for certain that it did not stage a volume: the pod has nothing to be taken down. Never rejects: what the driver says is to be told. */
  async #neverWas(uid: string, record: VolumeRecord): Promise<void> {
    const { paths, log } = this.deps;
    try {
      await removeRecord(paths.volume(uid, record.specVolID));
      this.#ofPods.delete(`${uid}/${record.specVolID}`);
      this.#begun.delete(paths.target(uid, record.specVolID, record.block));
      if (!await isUsedByOthers(paths, record, uid)) await this.#staged.failed(record);
    } catch (error) {
      log.warn({ err: error, driver: record.driverName, volume: record.volumeHandle }, 'it cannot be told whether a volume that was not staged is left');
    }
  }

  /** A driver of this node; where there is none, that is said in upstream's words. */
  #driver(name: string, step: VolumeStep, failure: string): CsiDriver {
    try {
      return this.deps.drivers.get(name);
    } catch (error) {
      throw new VolumeStepError(step, `kubernetes.io/csi: ${failure}: ${errorText(error)}`, { cause: error });
    }
  }

  async #wanted(pod: corev1.Pod, { source, name, block }: ResolvedVolume): Promise<Wanted> {
    if (source.kind === 'csi') {
      const { csi } = source;
      const object = await this.deps.objects.csiDriver(csi.driver);
      const modes = object?.spec.volumeLifecycleModes ?? [];
      if (modes.length > 0 && !modes.includes('Persistent')) throw new Error(`volume mode "Persistent" not supported by driver ${csi.driver} (only supports ${JSON.stringify(modes)})`);
      return {
        driver: block ? this.#driver(csi.driver, 'setUp', 'blockMapper.SetUpDevice failed to get CSI client') : this.#driver(csi.driver, 'stage', 'attacher.MountDevice failed to create newCsiDriverClient'), object, handle: csi.volumeHandle, attributes: csi.volumeAttributes ?? {},
        fsType: csi.fsType ?? '', inline: false, stageSecret: csi.nodeStageSecretRef, publishSecret: csi.nodePublishSecretRef,
      };
    }
    if (source.kind !== 'csiInline') throw new Error(`volume ${name} is not of a CSI driver`);
    const { csi } = source;
    const object = await this.deps.objects.csiDriver(csi.driver);
    if (object?.spec.volumeLifecycleModes?.includes('Ephemeral') !== true) throw new Error(`volume mode "Ephemeral" not supported by driver ${csi.driver} (no CSIDriver object or not among its volumeLifecycleModes)`);
    const secret = csi.nodePublishSecretRef;
    return {
      driver: this.#driver(csi.driver, 'setUp', 'mounter.SetUpAt failed to get CSI client'), object, handle: inlineHandle(uidOf(pod), name), attributes: csi.volumeAttributes ?? {}, fsType: csi.fsType ?? '', inline: true,
      stageSecret: undefined, publishSecret: secret && { namespace: namespaceOf(pod), ...(secret.name === undefined ? {} : { name: secret.name }) },
    };
  }

  /** Tokens of the pod's service account, where the driver asks for some. */
  async #tokens(pod: corev1.Pod, { object }: Wanted): Promise<Record<string, string>> {
    const requests = object?.spec.tokenRequests ?? [];
    if (requests.length === 0) return {};
    const tokens: [string, Pick<authenticationv1.TokenRequestStatus, 'token' | 'expirationTimestamp'>][] = await Promise.all(requests.map(async ({ audience, expirationSeconds }) => [audience, await this.deps.token(pod, audience, expirationSeconds)]));
    return { 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(Object.fromEntries(tokens)) };
  }

  async #secrets(reference: corev1.SecretReference | undefined): Promise<Record<string, string>> {
    if (!reference?.name) return {};
    const secret = await this.deps.objects.secret(reference.namespace ?? '', reference.name);
    return Object.fromEntries(Object.entries(decodeSecret(secret)).map(([key, value]) => [key, value.toString()]));
  }
}

/** A driver's answer after which it does nothing more, as upstream has it; after others it may still be at work. */
function hasEnded(error: unknown): boolean {
  return isRpcError(error) && ![Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.ABORTED].some((code) => isRpcError(error, code));
}

/** What a driver is told of the pod, where it asks for that. */
function podContext(pod: corev1.Pod, { object, inline }: Wanted): Record<string, string> {
  if (object?.spec.podInfoOnMount !== true) return {};
  return {
    'csi.storage.k8s.io/pod.name': nameOf(pod), 'csi.storage.k8s.io/pod.namespace': namespaceOf(pod), 'csi.storage.k8s.io/pod.uid': uidOf(pod),
    'csi.storage.k8s.io/serviceAccount.name': pod.spec?.serviceAccountName ?? '', 'csi.storage.k8s.io/ephemeral': String(inline),
  };
}

/** The driver knows that it will never do it. */
function isFinal(error: unknown): boolean {
  return [Code.INVALID_ARGUMENT, Code.OUT_OF_RANGE, Code.NOT_FOUND].some((code) => isRpcError(error, code));
}

/** By the driver's fsGroupPolicy; unset, a volume with a file system type that one node may write is the pod's, and so is the pod's own. */
function changesGroup({ object, fsType, inline }: Wanted, { accessModes }: ResolvedVolume): boolean {
  switch (object?.spec.fsGroupPolicy) {
    case 'None': return false;
    case 'File': return true;
    default: return fsType !== '' && (inline || accessModes.some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod'));
  }
}
