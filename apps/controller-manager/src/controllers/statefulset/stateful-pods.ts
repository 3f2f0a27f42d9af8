import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { keyOfObject, type EventRecorder, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { aggregateMessage, messageOf } from '../../errors';
import { aboutObject } from '../../pods/pod-control';
import { claimsOf, isStale, wantedOwners } from './claims';
import { podNameOf } from './identity';
import type { Action } from './sync';

type StatefulSet = appsv1.StatefulSet;
type Claim = corev1.PersistentVolumeClaim;

/** Carries out what is planned for the pods of a set and their claims, and tells of it. */
export class StatefulPods {
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<Claim>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(sources: { readonly pods: ObjectSource<corev1.Pod>; readonly claims: ObjectSource<Claim> }, context: ControllerContext, events: EventRecorder) {
    this.pods = sources.pods;
    this.claims = sources.claims;
    this.#context = context;
    this.#events = events;
  }

  /** False when something must be waited for first. */
  async carryOut(set: StatefulSet, action: Action, signal: AbortSignal): Promise<boolean> {
    switch (action.kind) {
      case 'create':
        return this.#create(set, action.ordinal, action.pod, signal);
      case 'delete':
        await this.#delete(set, action.pod, signal);
        return true;
      case 'update':
        await this.#tell(set, 'update', action.pod, () => this.#context.api.update(core.pods, action.pod, { signal }));
        return true;
      case 'claims':
        if (action.createMissing) await this.#makeClaims(set, action.ordinal, signal);
        await this.#ownClaims(set, action.ordinal, action.pod, signal);
        return true;
    }
  }

  async #create(set: StatefulSet, ordinal: number, pod: corev1.Pod, signal: AbortSignal): Promise<boolean> {
    const stale = claimsOf(set, ordinal).map((claim) => this.claims.get(keyOfObject(claim))).find((claim) => claim !== undefined && isStale(set, claim, pod.metadata.name ?? ''));
    if (stale !== undefined) return false;
    if (!(await this.#isAbsent(pod, signal))) return false;
    await this.#tell(set, 'create', pod, async () => {
      await this.#makeClaims(set, ordinal, signal);
      await this.#context.api.create(core.pods, pod, { signal });
    });
    return true;
  }

  /** A name is used again only when the API itself says that its last bearer is gone: the cache may be behind. */
  async #isAbsent(pod: corev1.Pod, signal: AbortSignal): Promise<boolean> {
    try {
      const found = await this.#context.api.get(core.pods, keyOfObject(pod), { signal });
      // One that the cache knows too is a stranger's: the refusal of the create says so.
      return this.pods.get(keyOfObject(pod))?.metadata.uid === found.metadata.uid;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  async #delete(set: StatefulSet, pod: corev1.Pod, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    await this.#tell(set, 'delete', pod, () => this.#context.api.delete(core.pods, keyOfObject(pod), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    }));
  }

  /** Makes those that are missing; one that cannot be made keeps none of the others back. */
  async #makeClaims(set: StatefulSet, ordinal: number, signal: AbortSignal): Promise<void> {
    const failures: string[] = [];
    for (const wanted of claimsOf(set, ordinal)) {
      const { name = '' } = wanted.metadata;
      const known = this.claims.get(keyOfObject(wanted));
      if (known?.metadata.deletionTimestamp !== undefined) failures.push(`pvc ${name} is being deleted`);
      if (known !== undefined) continue;
      const about = aboutObject(apps.statefulsets, set);
      const pod = podNameOf(set, ordinal);
      try {
        await this.#context.api.create(core.persistentvolumeclaims, wanted, { signal });
        this.#events.event(about, 'Normal', 'SuccessfulCreate', `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name ?? ''} success`);
      } catch (error) {
        signal.throwIfAborted();
        this.#events.event(about, 'Warning', 'FailedCreate', `create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name ?? ''} failed error: ${messageOf(error)}`);
        failures.push(`failed to create PVC ${name}: ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) throw new Error(aggregateMessage(failures));
  }

  async #ownClaims(set: StatefulSet, ordinal: number, pod: corev1.Pod, signal: AbortSignal): Promise<void> {
    for (const { metadata } of claimsOf(set, ordinal)) {
      const claim = this.claims.get({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' });
      const ownerReferences = claim && wantedOwners(set, pod, claim);
      if (ownerReferences !== undefined) await this.#context.api.update(core.persistentvolumeclaims, { ...claim, metadata: { ...claim?.metadata, ownerReferences } }, { signal });
    }
  }

  async #tell(set: StatefulSet, verb: 'create' | 'delete' | 'update', pod: corev1.Pod, act: () => Promise<unknown>): Promise<void> {
    const about = aboutObject(apps.statefulsets, set);
    const what = `${verb} Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''}`;
    const title = `${verb.slice(0, 1).toUpperCase()}${verb.slice(1)}`;
    try {
      await act();
    } catch (error) {
      // That a name is taken is no event, as upstream.
      if (verb === 'create' && isAlreadyExists(error)) throw error;
      this.#events.event(about, 'Warning', `Failed${title}`, `${what} failed error: ${messageOf(error)}`);
      throw error;
    }
    this.#events.event(about, 'Normal', `Successful${title}`, `${what} successful`);
  }
}
