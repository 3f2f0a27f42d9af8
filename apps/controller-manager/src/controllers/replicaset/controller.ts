import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import {
  after, claimObjects, controllerOf, controllerReference, done, isPodActive, isPodTerminating, keyOfObject, slowStart, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result,
} from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { nextAvailabilityMs, planReplicaSet, podOf, replicaSetStatus, type StatusFacts } from './sync';

type ReplicaSet = appsv1.ReplicaSet;

/** Keeps as many pods as a ReplicaSet asks for. */
export class ReplicaSetReconciler implements Reconciler {
  readonly name = 'replicaset';
  readonly replicaSets: ObjectSource<ReplicaSet>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('replicaset-controller', context);
    this.replicaSets = context.sources.informer(apps.replicasets, { indexes: byController });
    this.pods = context.sources.informer(core.pods, { indexes: byController });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const replicaSet = this.replicaSets.get(key);
    if (replicaSet === undefined) return done;
    const owned = await claimObjects(api, {
      type: core.pods, candidates: candidatesOf(this.pods, replicaSet), ownerType: apps.replicasets, owner: replicaSet, selector: replicaSet.spec?.selector, adoptable: isPodActive,
    }, signal);
    const active = owned.filter(isPodActive);
    const plan = planReplicaSet({ replicaSet, active, related: this.#related(replicaSet), nowMs: clock.now() });
    const error = plan.create > 0 ? await this.#create(replicaSet, plan.create, signal) : await this.#remove(replicaSet, plan.remove, signal);
    // What was made and removed is in the cache already.
    await this.#updateStatus(replicaSet, error === undefined ? undefined : failureOf(plan.create > 0 ? 'FailedCreate' : 'FailedDelete', error), signal);
    if (error !== undefined) throw error;
    if (plan.more) return after(0);
    return after(nextAvailabilityMs({ replicaSet, active: this.#activePods(replicaSet), nowMs: clock.now() }));
  }

  #activePods(replicaSet: ReplicaSet): corev1.Pod[] {
    return controlledBy(this.pods, replicaSet).filter(isPodActive);
  }

  /** The active pods of the ReplicaSets that share this one's owner. */
  #related(replicaSet: ReplicaSet): corev1.Pod[] {
    const owner = controllerOf(replicaSet);
    const siblings = owner === undefined ? [replicaSet] : this.replicaSets.byIndex('controller', owner.uid);
    return siblings.flatMap((sibling) => this.#activePods(sibling));
  }

  async #create(replicaSet: ReplicaSet, count: number, signal: AbortSignal): Promise<Error | undefined> {
    const pod = podOf(replicaSet, [controllerReference(apps.replicasets, replicaSet)]);
    const about = { ...replicaSet, apiVersion: 'apps/v1', kind: 'ReplicaSet' };
    const { error } = await slowStart(count, async () => {
      try {
        const created = await this.#context.api.create(core.pods, pod, { signal });
        this.#events.event(about, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
      } catch (error) {
        // Nothing can be made there any more, nor needs to be.
        if (statusCause(error, 'NamespaceTerminating') !== undefined) return;
        this.#events.event(about, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        throw error;
      }
    });
    return asError(error);
  }

  async #remove(replicaSet: ReplicaSet, pods: readonly corev1.Pod[], signal: AbortSignal): Promise<Error | undefined> {
    const about = { ...replicaSet, apiVersion: 'apps/v1', kind: 'ReplicaSet' };
    const outcomes = await Promise.allSettled(pods.map(async (pod) => {
      try {
        await this.#context.api.delete(core.pods, keyOfObject(pod), { signal, ...(pod.metadata.uid === undefined ? {} : { preconditions: { uid: pod.metadata.uid } }) });
        this.#events.event(about, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
      } catch (error) {
        if (isNotFound(error)) return;
        this.#events.event(about, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
        throw error;
      }
    }));
    return asError(outcomes.find((outcome) => outcome.status === 'rejected')?.reason);
  }

  async #updateStatus(replicaSet: ReplicaSet, failure: StatusFacts['failure'], signal: AbortSignal): Promise<void> {
    const terminating = controlledBy(this.pods, replicaSet).filter(isPodTerminating).length;
    const facts = { replicaSet, active: this.#activePods(replicaSet), terminating, nowMs: this.#context.clock.now() };
    const status = replicaSetStatus(failure === undefined ? facts : { ...facts, failure });
    if (status === undefined) return;
    await this.#context.api.updateStatus(apps.replicasets, { ...replicaSet, status }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const asError = (error: unknown): Error | undefined => (error === undefined || error instanceof Error ? error : new Error(messageOf(error)));
const failureOf = (reason: 'FailedCreate' | 'FailedDelete', error: Error): StatusFacts['failure'] => ({ reason, message: error.message });

export function replicaSetController(context: ControllerContext): RunningController {
  const reconciler = new ReplicaSetReconciler(context);
  const { replicaSets, pods } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentReplicasetSyncs,
    reads: [read(replicaSets), read(pods)],
    watch: (controller) => [wakeSelf(replicaSets, controller), wakeOwner({ dependents: pods, owners: replicaSets, ownerType: apps.replicasets, controller })],
  }, context);
}
