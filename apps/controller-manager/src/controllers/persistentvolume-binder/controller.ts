import { core, storage, storageClassOf, volumeAnnotations, type corev1, type storagev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { omit } from '../../omit';
import { read, runningController, type RunningController } from '../../running-controller';
import { migratedClaim, migratedVolume, provisionerInPlaceOf } from '../../volumes/migration';
import { byClaim, isPodTerminated, podsOfClaim } from '../../volumes/pods-of-claim';
import { wakeSelf } from '../../wake-owner';
import { BinderMetrics } from './binder-metrics';
import { deleterOf, hostPathPlugin } from './built-in-plugins';
import { claimOfVolume, claimStatus, unboundVolume, volumeOfClaim } from './binding';
import { HostPathProvisioner } from './host-path';
import { externalNotice, planClaim, type Notice } from './plan-claim';
import { planVolume } from './plan-volume';
import { Recycler } from './recycler';
import { recyclerOptions } from './recycler-options';
import { volumeOfRecycler, type RecyclableKind } from './recycler-pod';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

/** Claims that have no volume, of all namespaces. */
const byPhase = { waiting: ({ metadata }: Claim): readonly string[] => (metadata.annotations?.[volumeAnnotations.bindCompleted] === undefined ? ['yes'] : []) };
const AFTER_FAILURE = new Set(['Released', 'Failed']);

const keyText = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`;

/** Brings claims and volumes together, and lets volumes go. Keys are both: volumes have no namespace. */
export class PersistentVolumeBinder implements Reconciler {
  readonly name = 'persistentvolume_binder';
  readonly claims: ObjectSource<Claim>;
  readonly volumes: ObjectSource<Volume>;
  readonly classes: ObjectSource<storagev1.StorageClass>;
  readonly pods: ObjectSource<corev1.Pod>;
  wakeClaim: (key: ObjectKey) => void = () => undefined;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #metrics: BinderMetrics;
  readonly #recycler: Recycler;
  readonly #directories: HostPathProvisioner;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('persistentvolume-controller', context);
    this.claims = context.sources.informer(core.persistentvolumeclaims, { indexes: { ...byPhase } });
    this.volumes = context.sources.informer(core.persistentvolumes);
    this.classes = context.sources.informer(storage.storageclasses);
    this.pods = context.sources.informer(core.pods, { indexes: byClaim });
    this.#metrics = new BinderMetrics(context.registry, context.clock, this);
    this.#directories = new HostPathProvisioner(context, this.#events);
    this.#recycler = new Recycler({ context, pods: this.pods, events: this.#events, options: recyclerOptions(context.config) });
  }

  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    return key.namespace === '' ? this.#syncVolume(key, signal) : this.#syncClaim(key, signal);
  }

  async #syncClaim(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const found = this.claims.get(key);
    if (found === undefined) {
      this.#metrics.forget(keyText(key));
      return done;
    }
    const moved = migratedClaim(found);
    const claim = moved === undefined ? found : await this.#context.api.update(core.persistentvolumeclaims, moved, { signal });
    const waitingPods = podsOfClaim(this.pods, claim).filter((pod) => (pod.spec?.nodeName ?? '') === '' && !isPodTerminated(pod)).map(({ metadata }) => metadata.name ?? '');
    const { enableDynamicProvisioning: provisions, enableHostpathProvisioner: makesDirectories } = this.#context.config;
    const plan = planClaim({ claim, volumes: this.volumes.list(), classes: this.classes.list(), waitingPods, provisions, makesDirectories });
    switch (plan.kind) {
      case 'bind':
        try {
          await this.#bind(claim, plan.volume, signal);
        } catch (error) {
          this.#metrics.failedIfBegun(keyText(key));
          throw error;
        }
        this.#metrics.ended(keyText(key));
        return done;
      case 'set-class':
        await this.#metrics.classGiven(() => this.#context.api.update(core.persistentvolumeclaims, { ...claim, spec: { ...claim.spec, storageClassName: plan.name } }, { signal }));
        return done;
      case 'provision':
        await this.#nameProvisioner(claim, plan.provisioner, signal);
        this.#tell(claim, externalNotice(plan.provisioner));
        break;
      case 'make-directory':
        await this.#directories.provision(await this.#nameProvisioner(claim, hostPathPlugin, signal), plan.storageClass, signal);
        break;
      case 'not-provisioned':
        if (plan.notice !== undefined) this.#tell(claim, plan.notice);
        break;
      case 'invalid':
        this.#tell(claim, plan.notice);
        throw new Error(plan.error);
      case 'lost':
        await this.#claimStatus(claim, 'Lost', undefined, signal);
        if (claim.status?.phase !== 'Lost') this.#tell(claim, plan.notice);
        return done;
      case 'pending':
        if (plan.notice !== undefined) this.#tell(claim, plan.notice);
        await this.#claimStatus(claim, 'Pending', undefined, signal);
    }
    return after(this.#context.config.pvclaimbinderSyncPeriod);
  }

  /** In upstream's order: each step alone says enough for the next try to go on from there. */
  async #bind(claim: Claim, volume: Volume, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const taken = volumeOfClaim(volume, claim);
    const owned = taken === undefined ? volume : await api.update(core.persistentvolumes, taken, { signal });
    await this.#volumePhase(owned, 'Bound', signal);
    const named = claimOfVolume(claim, owned);
    const bound = named === undefined ? claim : await api.update(core.persistentvolumeclaims, named, { signal });
    await this.#claimStatus(bound, 'Bound', owned, signal);
  }

  async #nameProvisioner(claim: Claim, provisioner: string, signal: AbortSignal): Promise<Claim> {
    const { storageProvisioner, betaStorageProvisioner } = volumeAnnotations;
    const { annotations = {} } = claim.metadata;
    const key = keyText(keyOfObject(claim));
    this.#metrics.begun(key, 'provision', provisioner);
    if (annotations[storageProvisioner] === provisioner) return claim;
    const asked = { ...annotations, [storageProvisioner]: provisioner, [betaStorageProvisioner]: provisioner };
    return this.#context.api.update(core.persistentvolumeclaims, { ...claim, metadata: { ...claim.metadata, annotations: asked } }, { signal }).catch((error: unknown) => {
      this.#tell(claim, { type: 'Warning', reason: 'ProvisioningFailed', message: `Error saving claim: ${messageOf(error)}` });
      this.#metrics.failedIfBegun(key);
      throw error;
    });
  }

  async #syncVolume(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const found = this.volumes.get(key);
    if (found === undefined) {
      this.#metrics.ended(keyText(key));
      for (const claim of this.claims.list()) if (claim.spec?.volumeName === key.name) this.wakeClaim(keyOfObject(claim));
      return done;
    }
    const moved = migratedVolume(found);
    const volume = moved === undefined ? found : await this.#context.api.update(core.persistentvolumes, moved, { signal });
    const claim = await this.#claimOf(volume, signal);
    const plan = planVolume(volume, claim, this.#context.config.enableHostpathProvisioner);
    if (plan.kind !== 'recycle') await this.#recycler.abandon(volume.metadata.uid ?? '', signal);
    switch (plan.kind) {
      case 'phase':
        await this.#volumePhase(volume, plan.phase, signal);
        break;
      case 'unbind': {
        const unbound = await this.#context.api.update(core.persistentvolumes, unboundVolume(volume), { signal });
        await this.#volumePhase(unbound, 'Available', signal);
        break;
      }
      case 'release':
        await this.#release(volume, plan.failure, signal);
        break;
      case 'delete':
        await this.#release(volume, AFTER_FAILURE.has(volume.status?.phase ?? '') ? await this.#directories.delete(volume, signal) : undefined, signal);
        break;
      case 'recycle':
        return this.#recycle(volume, plan.by, signal);
      case 'notice':
        this.#tellVolume(volume, plan.ofVolume);
        if (claim !== undefined) this.#tell(claim, plan.ofClaim);
        break;
      case 'wake-claim':
        if (claim !== undefined) this.wakeClaim(keyOfObject(claim));
    }
    return done;
  }

  /** The very claim that a volume names. Only the apiserver can say that it is gone: data may depend on it. */
  async #claimOf({ spec, status }: Volume, signal: AbortSignal): Promise<Claim | undefined> {
    const { namespace = '', name = '', uid = '' } = spec?.claimRef ?? {};
    if (uid === '') return undefined;
    const cached = this.claims.get({ namespace, name });
    if (cached?.metadata.uid === uid) return cached;
    if (cached === undefined && AFTER_FAILURE.has(status?.phase ?? '')) return undefined;
    const found = await this.#context.api.get(core.persistentvolumeclaims, { namespace, name }, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    return found?.metadata.uid === uid ? found : undefined;
  }

  async #release(volume: Volume, failure: Notice | undefined, signal: AbortSignal): Promise<void> {
    const isReleased = AFTER_FAILURE.has(volume.status?.phase ?? '');
    const released = isReleased ? volume : await this.#volumePhase(volume, 'Released', signal);
    if (failure === undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') this.#metrics.begun(keyText(keyOfObject(volume)), 'delete', this.#provisionerOf(volume));
    if (failure === undefined || released.status?.phase === 'Failed') return;
    if (failure.reason === 'VolumeFailedDelete') this.#metrics.failed('delete', this.#provisionerOf(volume));
    await this.#fail(released, failure, signal);
  }

  async #recycle(volume: Volume, kind: RecyclableKind, signal: AbortSignal): Promise<Result> {
    const again = after(this.#context.config.pvclaimbinderSyncPeriod);
    const released = AFTER_FAILURE.has(volume.status?.phase ?? '') ? volume : await this.#volumePhase(volume, 'Released', signal);
    const { namespace = '', name = '' } = volume.spec?.claimRef ?? {};
    // Of a claim that came since, under the same name, the volume is another: its pods do not use this one.
    const users = this.claims.get({ namespace, name }) === undefined ? this.pods.byIndex('claim', `${namespace}/${name}`).filter((pod) => !isPodTerminated(pod)) : [];
    if (users.length > 0) {
      const names = users.map((pod) => keyText(keyOfObject(pod))).sort();
      this.#tellVolume(released, { type: 'Normal', reason: 'VolumeFailedRecycle', message: `Volume is used by pods: ${names.join(',')}` });
      return again;
    }
    const recycling = await this.#recycler.recycle(released, kind, signal);
    if (recycling.kind === 'failed') await this.#fail(released, { type: 'Warning', reason: 'VolumeFailedRecycle', message: `Recycle failed: ${recycling.message}` }, signal);
    if (recycling.kind !== 'done') return again;
    this.#tellVolume(released, { type: 'Normal', reason: 'VolumeRecycled', message: 'Volume recycled' });
    const unbound = await this.#context.api.update(core.persistentvolumes, unboundVolume(released), { signal });
    await this.#volumePhase(unbound, 'Available', signal);
    return done;
  }

  /** Told once: what fails again is still failed. */
  async #fail(volume: Volume, failure: Notice, signal: AbortSignal): Promise<void> {
    if (volume.status?.phase === 'Failed') return;
    await this.#volumePhase(volume, 'Failed', signal, failure.message);
    this.#tellVolume(volume, failure);
  }

  /** Who deletes a volume, for metrics: the plug-in, else whoever its class names. Mirrors getProvisionerNameFromVolume of upstream's pv_controller.go. */
  #provisionerOf(volume: Volume): string {
    const { plugin, problem } = deleterOf(volume);
    if (problem !== undefined) return 'N/A';
    const provisioner = plugin ?? this.classes.get({ namespace: '', name: storageClassOf(volume) })?.provisioner;
    return provisioner === undefined ? 'N/A' : provisionerInPlaceOf(provisioner);
  }

  #volumePhase(volume: Volume, phase: string, signal: AbortSignal, message?: string): Promise<Volume> {
    if (volume.status?.phase === phase) return Promise.resolve(volume);
    return this.#context.api.updateStatus(core.persistentvolumes, { ...volume, status: { ...omit(volume.status ?? {}, 'message'), phase, ...(message === undefined ? {} : { message }) } }, { signal });
  }

  async #claimStatus(claim: Claim, phase: 'Bound' | 'Lost' | 'Pending', volume: Volume | undefined, signal: AbortSignal): Promise<void> {
    const status = claimStatus(claim, phase, volume);
    if (status !== undefined) await this.#context.api.updateStatus(core.persistentvolumeclaims, { ...claim, status }, { signal });
  }

  #tellVolume(volume: Volume, { type, reason, message }: Notice): void {
    this.#events.event({ ...volume, apiVersion: 'v1', kind: 'PersistentVolume' }, type, reason, message);
  }

  #tell(claim: Claim, { type, reason, message }: Notice): void {
    this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, type, reason, message);
  }
}

export function persistentVolumeBinder(context: ControllerContext): RunningController {
  const reconciler = new PersistentVolumeBinder(context);
  const { claims, volumes, classes, pods } = reconciler;
  return runningController({
    reconciler,
    // One at a time: two claims must not choose the same volume.
    workers: 1,
    reads: [read(claims), read(volumes), read(classes), read(pods)],
    watch: (controller) => {
      const wakeWaiting = (): void => {
        for (const claim of claims.byIndex('waiting', 'yes')) controller.enqueueObject(claim);
      };
      const wakeVolumesOf = ({ metadata: { uid } }: Claim): void => {
        for (const volume of volumes.list()) if (volume.spec?.claimRef?.uid === uid) controller.enqueueObject(volume);
      };
      const wakeRecycled = ({ metadata }: corev1.Pod): void => {
        const name = volumeOfRecycler(metadata.name ?? '');
        if (name !== undefined && volumes.get({ namespace: '', name }) !== undefined) controller.enqueue({ namespace: '', name });
      };
      const isFree = ({ status, spec }: Volume): boolean => status?.phase === 'Available' && spec?.claimRef === undefined;
      reconciler.wakeClaim = (key) => controller.enqueue(key);
      return [
        wakeSelf(claims, controller),
        claims.addHandler({
          onDelete: wakeVolumesOf,
          // One that went and came again under its name within one piece of news.
          onUpdate: (before, claim) => {
            if (before.metadata.uid !== claim.metadata.uid) wakeVolumesOf(before);
          },
        }),
        wakeSelf(volumes, controller),
        // What is free, or provisioned, from now on may be what a claim waits for.
        volumes.addHandler({
          onAdd: (volume) => {
            if (isFree(volume)) wakeWaiting();
            const { namespace = '', name = '' } = volume.spec?.claimRef ?? {};
            if (name !== '') controller.enqueue({ namespace, name });
          },
          onUpdate: (before, volume) => {
            if (isFree(volume) && !isFree(before)) wakeWaiting();
          },
        }),
        classes.addHandler({ onAdd: wakeWaiting, onUpdate: wakeWaiting }),
        pods.addHandler({ onUpdate: (_, pod) => wakeRecycled(pod), onDelete: wakeRecycled }),
      ];
    },
  }, context);
}
