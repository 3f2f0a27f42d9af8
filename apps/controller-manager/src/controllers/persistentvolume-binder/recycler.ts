import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { planRecycler, recyclerName, recyclerPod, type RecyclableKind, type RecyclerOptions } from './recycler-pod';

type Pod = corev1.Pod;
type Volume = corev1.PersistentVolume;

export type Recycling = { readonly kind: 'wait' } | { readonly kind: 'done' } | { readonly kind: 'failed'; readonly message: string };

const REPLACED = 'old recycler pod found, will retry later';

export interface RecyclerDeps {
  readonly context: ControllerContext;
  readonly pods: ObjectSource<Pod>;
  readonly events: EventRecorder;
  readonly options: Readonly<Record<RecyclableKind, RecyclerOptions>>;
}

/** Wipes volumes by pods that it makes, watches and removes. What such a pod is told of is told of its volume. */
export class Recycler {
  readonly #deps: RecyclerDeps;
  /** The pods of this process, by uid of the volume. */
  readonly #own = new Map<string, { readonly key: ObjectKey; readonly uid: string; readonly toldEvents: Set<string> }>();

  constructor(deps: RecyclerDeps) {
    this.#deps = deps;
  }

  /** Goes on with a volume: to be called until it is done, whenever its pod changes. What the API refuses is a failure to be told of. */
  async recycle(volume: Volume, kind: RecyclableKind, signal: AbortSignal): Promise<Recycling> {
    const { uid = '' } = volume.metadata;
    const { pods, options } = this.#deps;
    const wanted = recyclerPod(volume, kind, options[kind]);
    const key = keyOfObject(wanted);
    const pod = pods.get(key);
    const plan = planRecycler(pod, this.#own.get(uid)?.uid);
    if (pod !== undefined && plan.kind !== 'replace') await this.#forward(volume, pod, signal);
    switch (plan.kind) {
      case 'wait':
        return plan;
      case 'create':
        return this.#create(uid, wanted, signal);
      case 'replace':
        return this.#replace(key, signal);
      case 'succeeded':
      case 'failed': {
        this.#own.delete(uid);
        const problem = await this.#delete(key, signal).then(() => undefined, messageOf);
        if (plan.kind === 'failed') return { kind: 'failed', message: `failed to recycle volume: ${plan.message}` };
        return problem === undefined ? { kind: 'done' } : { kind: 'failed', message: `failed to delete recycler pod: ${problem}` };
      }
    }
  }

  /** The volume is not to be wiped any more. */
  async abandon(uid: string, signal: AbortSignal): Promise<void> {
    const own = this.#own.get(uid);
    if (own === undefined) return;
    await this.#delete(own.key, signal);
    this.#own.delete(uid);
  }

  async #create(volumeUid: string, pod: Pod, signal: AbortSignal): Promise<Recycling> {
    try {
      const { metadata: { uid = '' } } = await this.#deps.context.api.create(core.pods, pod, { signal });
      this.#own.set(volumeUid, { key: keyOfObject(pod), uid, toldEvents: new Set() });
      return { kind: 'wait' };
    } catch (error) {
      if (isAlreadyExists(error)) return this.#replace(keyOfObject(pod), signal);
      return { kind: 'failed', message: `unexpected error creating recycler pod:  ${messageOf(error)}` };
    }
  }

  async #replace(key: ObjectKey, signal: AbortSignal): Promise<Recycling> {
    const problem = await this.#delete(key, signal).then(() => undefined, messageOf);
    return { kind: 'failed', message: problem === undefined ? REPLACED : `failed to delete old recycler pod ${key.namespace}/${key.name}: ${problem}` };
  }

  async #delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    await this.#deps.context.api.delete(core.pods, key, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  async #forward(volume: Volume, pod: Pod, signal: AbortSignal): Promise<void> {
    const own = this.#own.get(volume.metadata.uid ?? '');
    if (own === undefined) return;
    const { api } = this.#deps.context;
    const { items } = await api.list(core.events, { namespace: own.key.namespace, fieldSelector: `involvedObject.name=${recyclerName(volume.metadata.name ?? '')}`, signal });
    for (const { metadata, involvedObject, type, message = '' } of items) {
      const { uid = '' } = metadata;
      if (involvedObject.uid !== pod.metadata.uid || own.toldEvents.has(uid)) continue;
      own.toldEvents.add(uid);
      this.#deps.events.event({ ...volume, apiVersion: 'v1', kind: 'PersistentVolume' }, type === 'Warning' ? 'Warning' : 'Normal', 'RecyclerPod', `Recycler pod: ${message}`);
    }
  }
}
