import { core, storage, storageClassOf, type corev1, type storagev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import { Controller, done, EventRecorder, keyOfObject, type ObjectApi, type ObjectKey, type ObjectSource, type ObjectSources, type ReconcileLog, type Result } from '@navarch/reconcile';
import type { WorkQueueMetrics } from '@navarch/workqueue';
import { FINALIZER, isOwnPath, nodeForClaim, planProvisioning } from './plan-provisioning';
import { nodeOfVolume, planVolume } from './plan-volume';

export interface LocalPathOptions {
  readonly provisioner: string;
  /** Only claims and volumes of this node; of all nodes if undefined. */
  readonly nodeName?: string;
  /** Where a node's volumes are. */
  readonly directory: (nodeName: string) => string;
}

/** The disk. */
export interface Directories {
  make(path: string): Promise<void>;
  /** With all that is in it; one that is not there is no failure. */
  remove(path: string): Promise<void>;
}

export interface LocalPathDeps {
  readonly api: ObjectApi;
  readonly sources: ObjectSources;
  readonly directories: Directories;
  readonly clock: Clock;
  readonly log: ReconcileLog;
  readonly queueMetrics?: WorkQueueMetrics;
}

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

/**
 * Makes volumes that are directories on a node's disk, and deletes them. It follows the contract of external provisioners: the
 * binder names it on a claim, the scheduler the node, and a volume that is released is its to delete. Keys are both claims and volumes.
 */
export class LocalPathProvisioner implements Component {
  readonly name = 'local-path-provisioner';
  readonly claims: ObjectSource<Claim>;
  readonly volumes: ObjectSource<Volume>;
  readonly #classes: ObjectSource<storagev1.StorageClass>;
  readonly #nodes: ObjectSource<corev1.Node>;
  readonly #options: LocalPathOptions;
  readonly #deps: LocalPathDeps;
  readonly #events: EventRecorder;
  readonly #controller: Controller;
  readonly #stopping = new AbortController();
  #forget: (() => void)[] = [];

  constructor(options: LocalPathOptions, deps: LocalPathDeps) {
    this.#options = options;
    this.#deps = deps;
    this.claims = deps.sources.informer(core.persistentvolumeclaims);
    this.volumes = deps.sources.informer(core.persistentvolumes);
    this.#classes = deps.sources.informer(storage.storageclasses);
    this.#nodes = deps.sources.informer(core.nodes);
    this.#events = new EventRecorder({ component: options.provisioner, ...(options.nodeName === undefined ? {} : { host: options.nodeName }) }, deps);
    const reconcile = (key: ObjectKey, signal: AbortSignal): Promise<Result> => (key.namespace === '' ? this.#syncVolume(key, signal) : this.#syncClaim(key, signal));
    this.#controller = new Controller({ workers: 4 }, { reconciler: { name: this.name, reconcile }, clock: deps.clock, log: deps.log, queueMetrics: deps.queueMetrics });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await Promise.all([this.claims, this.volumes, this.#classes, this.#nodes].map((source) => source.waitForSync(signal)));
    const wakeClaim = (claim: Claim): void => {
      if (nodeForClaim(claim, this.#options.provisioner) !== undefined) this.#controller.enqueueObject(claim);
      const name = claim.spec?.volumeName ?? '';
      if (name !== '') this.#controller.enqueue({ namespace: '', name });
    };
    const wakeVolume = (volume: Volume): void => this.#controller.enqueueObject(volume);
    this.#forget = [
      this.claims.addHandler({ onAdd: wakeClaim, onUpdate: (_, claim) => wakeClaim(claim) }),
      this.volumes.addHandler({ onAdd: wakeVolume, onUpdate: (_, volume) => wakeVolume(volume) }),
    ];
    await this.#controller.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    for (const forget of this.#forget) forget();
    await this.#controller.stop();
    await this.#events.flush();
  }

  #isHere(nodeName: string | undefined): nodeName is string {
    return nodeName !== undefined && (this.#options.nodeName === undefined || nodeName === this.#options.nodeName);
  }

  async #syncClaim(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const claim = this.claims.get(key);
    const { provisioner, directory } = this.#options;
    const nodeName = claim === undefined ? undefined : nodeForClaim(claim, provisioner);
    if (claim === undefined || nodeName === undefined || (nodeName !== '' && !this.#isHere(nodeName))) return done;
    const plan = planProvisioning({
      claim, provisioner, directory,
      storageClass: this.#classes.get({ namespace: '', name: storageClassOf(claim) }),
      node: this.#nodes.get({ namespace: '', name: nodeName }),
    });
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void => this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, type, reason, message);
    if (plan.kind === 'refuse') tell('Warning', 'ProvisioningFailed', plan.message);
    if (plan.kind !== 'provision' || this.volumes.get(keyOfObject(plan.volume)) !== undefined) return done;
    tell('Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${key.namespace}/${key.name}"`);
    try {
      await this.#deps.directories.make(plan.path);
      await this.#deps.api.create(core.persistentvolumes, plan.volume, { signal });
    } catch (error) {
      if (isAlreadyExists(error)) return done;
      tell('Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass ${JSON.stringify(storageClassOf(claim))}: ${textOf(error)}`);
      throw error;
    }
    tell('Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${plan.volume.metadata.name ?? ''}`);
    return done;
  }

  async #syncVolume(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const cached = this.volumes.get(key);
    const { provisioner } = this.#options;
    if (cached === undefined || !this.#isHere(nodeOfVolume(cached, provisioner))) return done;
    const { namespace = '', name = '', uid } = cached.spec?.claimRef ?? {};
    const claim = this.claims.get({ namespace, name });
    const plan = planVolume(cached, claim?.metadata.uid === uid ? claim : undefined);
    switch (plan.kind) {
      case 'delete':
        await this.#delete(key, signal);
        break;
      case 'let-go':
        await this.#letGo(cached, signal);
        break;
      case 'grow':
        if (claim !== undefined) await this.#grow(cached, claim, plan.storage, signal);
        break;
      case 'nothing':
    }
    return done;
  }

  /** Data is deleted only on the word of the apiserver itself. */
  async #delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const { api, directories } = this.#deps;
    const volume = await api.get(core.persistentvolumes, key, { signal }).catch(unlessGone);
    const nodeName = volume === undefined ? undefined : nodeOfVolume(volume, this.#options.provisioner);
    if (volume === undefined || !this.#isHere(nodeName) || planVolume(volume, undefined).kind !== 'delete') return;
    const path = volume.spec?.hostPath?.path ?? '';
    try {
      if (!isOwnPath(path, key.name, this.#options.directory(nodeName))) throw new Error(`${path} is not a directory of this provisioner`);
      await directories.remove(path);
    } catch (error) {
      this.#events.event({ ...volume, apiVersion: 'v1', kind: 'PersistentVolume' }, 'Warning', 'VolumeFailedDelete', textOf(error));
      throw error;
    }
    const { uid } = volume.metadata;
    await api.delete(core.persistentvolumes, key, { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch(unlessGone);
    const left = await api.get(core.persistentvolumes, key, { signal }).catch(unlessGone);
    if (left?.metadata.uid === uid && left !== undefined) await this.#letGo(left, signal);
  }

  async #letGo(volume: Volume, signal: AbortSignal): Promise<void> {
    const finalizers = (volume.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    await this.#deps.api.update(core.persistentvolumes, { ...volume, metadata: { ...volume.metadata, finalizers } }, { signal }).catch(unlessGone);
  }

  /** A directory has no size of its own: to grow is to say so. */
  async #grow(volume: Volume, claim: Claim, size: string, signal: AbortSignal): Promise<void> {
    const { api } = this.#deps;
    await api.patch(core.persistentvolumes, keyOfObject(volume), 'merge', { spec: { capacity: { storage: size } } }, { signal });
    const conditions = (claim.status?.conditions ?? []).filter(({ type }) => type !== 'Resizing' && type !== 'FileSystemResizePending');
    await api.updateStatus(core.persistentvolumeclaims, { ...claim, status: { ...claim.status, capacity: { ...claim.status?.capacity, storage: size }, conditions } }, { signal });
    this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
