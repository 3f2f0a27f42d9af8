import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import {
  after, canonicalJson, claimObjects, controllerOf, controllerReference, done, isPodActive, isPodTerminating, slowStart, type ObjectKey, type ObjectSource, type Reconciler, type Result,
} from '@navarch/reconcile';
import type { Histogram } from 'prom-client';
import { recorderFor, type ControllerContext } from '../../context';
import { asError, firstFailure } from '../../errors';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { aboutObject, PodControl } from '../../pods/pod-control';
import { podFromTemplate } from '../../pods/pod-from-template';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { deletionAgeRatio, deletionAgeRatios } from './deletion-age-ratio';
import type { Replicated, ReplicatedKind } from './replicated-kind';
import { nextAvailabilityMs, planReplicaSet, replicaSetStatus, type StatusFacts } from './sync';

/** Keeps as many pods as a ReplicaSet, or what is read as one, asks for. */
export class ReplicaSetReconciler<T extends Replicated> implements Reconciler {
  readonly name: string;
  readonly owners: ObjectSource<T>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #kind: ReplicatedKind<T>;
  readonly #context: ControllerContext;
  readonly #control: PodControl;
  readonly #ageRatio: Histogram;

  constructor(kind: ReplicatedKind<T>, context: ControllerContext) {
    this.#kind = kind;
    this.#context = context;
    this.name = kind.name;
    this.#control = new PodControl(context.api, recorderFor(kind.component, context));
    this.#ageRatio = deletionAgeRatio(context.registry);
    this.owners = context.sources.informer(kind.type, { indexes: byController });
    this.pods = context.sources.informer(core.pods, { indexes: byController });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const owner = this.owners.get(key);
    if (owner === undefined) return done;
    const replicaSet = this.#kind.asReplicaSet(owner);
    const owned = await claimObjects(api, {
      type: core.pods, candidates: candidatesOf(this.pods, owner), ownerType: this.#kind.type, owner, selector: replicaSet.spec?.selector, adoptable: isPodActive,
    }, signal);
    const active = owned.filter(isPodActive);
    const plan = planReplicaSet({ replicaSet, active, related: this.#related(owner), nowMs: clock.now() });
    for (const ratio of deletionAgeRatios(active, plan.remove, clock.now())) this.#ageRatio.observe(ratio);
    const error = plan.create > 0 ? await this.#create(owner, plan.create, signal) : await this.#remove(owner, plan.remove, signal);
    // What was made and removed is in the cache already.
    await this.#updateStatus(owner, error === undefined ? undefined : failureOf(plan.create > 0 ? 'FailedCreate' : 'FailedDelete', error), signal);
    if (error !== undefined) throw error;
    if (plan.more) return after(0);
    return after(nextAvailabilityMs({ replicaSet, active: this.#activePods(owner), nowMs: clock.now() }));
  }

  #activePods(owner: T): corev1.Pod[] {
    return controlledBy(this.pods, owner).filter(isPodActive);
  }

  /** The active pods of those that share this one's owner. */
  #related(owner: T): corev1.Pod[] {
    const above = controllerOf(owner);
    const siblings = above === undefined ? [owner] : this.owners.byIndex('controller', above.uid);
    return siblings.flatMap((sibling) => this.#activePods(sibling));
  }

  async #create(owner: T, count: number, signal: AbortSignal): Promise<Error | undefined> {
    const { metadata, spec } = this.#kind.asReplicaSet(owner);
    const pod = podFromTemplate(spec?.template, { namespace: metadata.namespace ?? '', generateName: `${metadata.name ?? ''}-`, controller: controllerReference(this.#kind.type, owner) });
    const about = aboutObject(this.#kind.type, owner);
    const { error } = await slowStart(count, () => this.#control.create(about, pod, signal));
    return asError(error);
  }

  async #remove(owner: T, pods: readonly corev1.Pod[], signal: AbortSignal): Promise<Error | undefined> {
    const about = aboutObject(this.#kind.type, owner);
    return firstFailure(await Promise.allSettled(pods.map((pod) => this.#control.remove(about, pod, signal))));
  }

  async #updateStatus(owner: T, failure: StatusFacts['failure'], signal: AbortSignal): Promise<void> {
    const terminating = controlledBy(this.pods, owner).filter(isPodTerminating).length;
    const facts = { replicaSet: this.#kind.asReplicaSet(owner), active: this.#activePods(owner), terminating, nowMs: this.#context.clock.now() };
    const next = this.#kind.withStatus(owner, replicaSetStatus(failure === undefined ? facts : { ...facts, failure }));
    if (canonicalJson(next.status) === canonicalJson(owner.status)) return;
    await this.#context.api.updateStatus(this.#kind.type, next, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

const failureOf = (reason: 'FailedCreate' | 'FailedDelete', error: Error): StatusFacts['failure'] => ({ reason, message: error.message });

/** A controller that keeps the pods of a replicated kind. */
export function replicatedController<T extends Replicated>(kind: ReplicatedKind<T>, context: ControllerContext): RunningController {
  const reconciler = new ReplicaSetReconciler(kind, context);
  const { owners, pods } = reconciler;
  return runningController({
    reconciler,
    workers: kind.workers(context.config),
    reads: [read(owners), read(pods)],
    watch: (controller) => [
      wakeSelf(owners, controller),
      wakeOwner({ dependents: pods, owners, ownerType: kind.type, selectorOf: (owner) => kind.asReplicaSet(owner).spec?.selector, controller }),
    ],
  }, context);
}

const replicaSets: ReplicatedKind<appsv1.ReplicaSet> = {
  name: 'replicaset',
  component: 'replicaset-controller',
  type: apps.replicasets,
  asReplicaSet: (replicaSet) => replicaSet,
  withStatus: (replicaSet, status) => ({ ...replicaSet, status }),
  workers: ({ concurrentReplicasetSyncs }) => concurrentReplicasetSyncs,
};

export const replicaSetController = (context: ControllerContext): RunningController => replicatedController(replicaSets, context);
