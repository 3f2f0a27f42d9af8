import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, canonicalJson, claimObjects, done, slowStart, untilAvailableMs, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { asError } from '../../errors';
import { ControllerHistory, type CurrentRevision } from '../../history/controller-history';
import { planTruncation } from '../../history/revisions';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { ordinalOf, podRevisionOf } from './identity';
import { StatefulPods } from './stateful-pods';
import { statefulSetStatus } from './status';
import { statefulSetMetrics } from './statefulset-metrics';
import { planStatefulSet, rolloutOf, type Action, type ObservedStatefulSet } from './sync';

type StatefulSet = appsv1.StatefulSet;

const HASH_LABEL = 'controller.kubernetes.io/hash';

/** Keeps the pods of a StatefulSet, each with its own name and claims. */
export class StatefulSetReconciler implements Reconciler {
  readonly name = 'statefulset';
  readonly statefulSets: ObjectSource<StatefulSet>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly history: ControllerHistory<StatefulSet>;
  readonly #context: ControllerContext;
  readonly #statefulPods: StatefulPods;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.statefulSets = context.sources.informer(apps.statefulsets);
    this.pods = context.sources.informer(core.pods, { indexes: byController });
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.history = new ControllerHistory(apps.statefulsets, context);
    this.#statefulPods = new StatefulPods(this, context, recorderFor('statefulset-controller', context));
    statefulSetMetrics(context.registry, () => this.statefulSets.list(), (set) => rolloutOf(set, controlledBy(this.pods, set), context.clock.now()));
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const set = this.statefulSets.get(key);
    if (set === undefined) return done;
    const selector = set.spec?.selector;
    const revisions = await this.history.claim(set, selector, signal);
    const owned = await claimObjects(api, {
      type: core.pods, candidates: candidatesOf(this.pods, set), ownerType: apps.statefulsets, owner: set, selector, member: (pod) => ordinalOf(set, pod) !== undefined,
    }, signal);
    const { revision: updateRevision, collisionCount = 0 } = await this.#updateRevision(set, revisions, signal);
    const currentRevision = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? updateRevision;
    const observed: ObservedStatefulSet = { statefulSet: set, pods: owned, currentRevision, updateRevision, nowMs: clock.now() };
    const plan = planStatefulSet(observed);
    const failure = await this.#carryOut(set, plan.actions, signal);
    const pods = controlledBy(this.pods, set).filter((pod) => ordinalOf(set, pod) !== undefined);
    const status = statefulSetStatus({ ...observed, pods, nowMs: clock.now() }, collisionCount);
    await this.#writeStatus(set, status, signal);
    const live = new Set([status.currentRevision, updateRevision.metadata.name, ...pods.map(podRevisionOf)]);
    await this.history.remove(planTruncation(revisions, ({ metadata }) => live.has(metadata.name ?? ''), set.spec?.revisionHistoryLimit), signal);
    if (failure !== undefined) throw failure;
    return after(earliest([plan.againAfterMs, ...pods.map((pod) => untilAvailableMs(pod, set.spec?.minReadySeconds ?? 0, clock.now()))]));
  }

  #updateRevision(set: StatefulSet, revisions: readonly appsv1.ControllerRevision[], signal: AbortSignal): Promise<CurrentRevision> {
    const { collisionCount } = set.status ?? {};
    return this.history.ensure({ owner: set, template: set.spec?.template, revisions, hashLabel: HASH_LABEL, ...(collisionCount === undefined || collisionCount === 0 ? {} : { collisionCount }) }, signal);
  }

  /** One after the other where order matters; what comes after something to be waited for waits too. */
  async #carryOut(set: StatefulSet, actions: readonly Action[], signal: AbortSignal): Promise<Error | undefined> {
    if (set.spec?.podManagementPolicy === 'Parallel') {
      const byPod = new Map<string | undefined, Action[]>();
      for (const action of actions) byPod.set(action.pod.metadata.name, [...(byPod.get(action.pod.metadata.name) ?? []), action]);
      const groups = [...byPod.values()];
      const { error } = await slowStart(groups.length, async (at) => {
        for (const action of groups[at] ?? []) if (!(await this.#statefulPods.carryOut(set, action, signal))) return;
      });
      return asError(error);
    }
    for (const action of actions) {
      try {
        if (!(await this.#statefulPods.carryOut(set, action, signal))) return undefined;
      } catch (error) {
        return asError(error);
      }
    }
    return undefined;
  }

  async #writeStatus(set: StatefulSet, status: appsv1.StatefulSetStatus, signal: AbortSignal): Promise<void> {
    if (canonicalJson(status) === canonicalJson(set.status)) return;
    await this.#context.api.updateStatus(apps.statefulsets, { ...set, status }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

function earliest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

export function statefulSetController(context: ControllerContext): RunningController {
  const reconciler = new StatefulSetReconciler(context);
  const { statefulSets, pods, claims, history } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentStatefulsetSyncs,
    reads: [read(statefulSets), read(pods), read(claims), read(history.revisions)],
    watch: (controller) => [
      wakeSelf(statefulSets, controller),
      wakeOwner({ dependents: pods, owners: statefulSets, ownerType: apps.statefulsets, controller }),
      wakeOwner({ dependents: history.revisions, owners: statefulSets, ownerType: apps.statefulsets, controller }),
      // A claim that is gone lets the pod of its name be made again.
      claims.addHandler({
        onDelete: ({ metadata }) => {
          for (const set of statefulSets.list(metadata.namespace)) {
            if (set.spec?.volumeClaimTemplates?.some((template) => (metadata.name ?? '').startsWith(`${template.metadata.name ?? ''}-${set.metadata.name ?? ''}-`))) controller.enqueueObject(set);
          }
        },
      }),
    ],
  }, context);
}
