import type { appsv1, corev1 } from '@navarch/api';
import { scaledIntOrPercent } from '@navarch/apimachinery';
import { untilAvailableMs } from '@navarch/reconcile';
import { firstOrdinal, isInRange, mendedIdentity, ordinalOf, podRevisionOf, replicasOf, statefulPod } from './identity';
import { isOver, isRunningAndAvailable, isRunningAndReady, isStuck, isTerminating, isUnavailable } from './pod-state';
import type { Rollout } from './statefulset-metrics';

type Pod = corev1.Pod;
type Revision = appsv1.ControllerRevision;

export interface ObservedStatefulSet {
  readonly statefulSet: appsv1.StatefulSet;
  /** Those it owns. */
  readonly pods: readonly Pod[];
  /** The revision that pods below the partition are of, and the one that the others should be of. */
  readonly currentRevision: Revision;
  readonly updateRevision: Revision;
  readonly nowMs: number;
}

export type Action =
  /** Its claims come first. */
  | { readonly kind: 'create'; readonly ordinal: number; readonly pod: Pod }
  | { readonly kind: 'delete'; readonly pod: Pod }
  /** Its labels. */
  | { readonly kind: 'update'; readonly pod: Pod }
  /** Makes those that are missing, and gives them the owners that the retention policy asks for. */
  | { readonly kind: 'claims'; readonly ordinal: number; readonly pod: Pod; readonly createMissing: boolean };

export interface StatefulSetPlan {
  readonly actions: readonly Action[];
  readonly againAfterMs?: number;
}

interface Placed {
  readonly pod: Pod;
  readonly ordinal: number;
}

/** Decides the next step, by the rules of upstream's pkg/controller/statefulset/stateful_set_control.go. */
export function planStatefulSet(observed: ObservedStatefulSet): StatefulSetPlan {
  const { statefulSet: set } = observed;
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const placed = observed.pods.map((pod) => ({ pod, ordinal: ordinalOf(set, pod) })).filter((one): one is Placed => one.ordinal !== undefined);
  const replicas = new Map(placed.filter(({ ordinal }) => isInRange(set, ordinal)).map(({ pod, ordinal }) => [ordinal, pod]));
  const condemned = placed.filter(({ ordinal }) => !isInRange(set, ordinal)).sort((a, b) => b.ordinal - a.ordinal);
  const plan = new Planner(observed);
  if (plan.keep(replicas) || plan.scaleDown(condemned)) return plan.result();
  if ((set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate') plan.roll(replicas);
  return plan.result();
}

/** How many of its pods may be unavailable at once, and how many are: also those that are not there. */
export function rolloutOf(set: appsv1.StatefulSet, pods: readonly Pod[], nowMs: number): Rollout {
  const { updateStrategy, minReadySeconds = 0 } = set.spec ?? {};
  const available = pods.filter((pod) => isInRange(set, ordinalOf(set, pod) ?? -1) && !isUnavailable(pod, minReadySeconds, nowMs)).length;
  const maxUnavailable = Math.max(1, scaledIntOrPercent(updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, replicasOf(set), false));
  return { maxUnavailable, unavailable: replicasOf(set) - available };
}

/** Gathers actions. Each phase answers whether the next ones must wait. */
class Planner {
  readonly #observed: ObservedStatefulSet;
  readonly #actions: Action[] = [];
  readonly #waits: number[] = [];

  constructor(observed: ObservedStatefulSet) {
    this.#observed = observed;
  }

  result(): StatefulSetPlan {
    return this.#waits.length === 0 ? { actions: this.#actions } : { actions: this.#actions, againAfterMs: Math.min(...this.#waits) };
  }

  get #set(): appsv1.StatefulSet {
    return this.#observed.statefulSet;
  }

  /** One after the other, each when those before it are available; or all at once. */
  get #ordered(): boolean {
    return this.#set.spec?.podManagementPolicy !== 'Parallel';
  }

  get #minReadySeconds(): number {
    return this.#set.spec?.minReadySeconds ?? 0;
  }

  /** A pod at every ordinal. */
  keep(replicas: ReadonlyMap<number, Pod>): boolean {
    const first = firstOrdinal(this.#set);
    if (this.#ordered && this.#replaceStuck(replicas)) return true;
    for (let ordinal = first; ordinal < first + replicasOf(this.#set); ordinal++) {
      if (this.#keepOne(ordinal, replicas.get(ordinal)) && this.#ordered) return true;
    }
    return false;
  }

  #keepOne(ordinal: number, pod: Pod | undefined): boolean {
    if (pod === undefined) {
      this.#actions.push({ kind: 'create', ordinal, pod: statefulPod(this.#set, ordinal, this.#revisionFor(ordinal)) });
      return true;
    }
    if (isOver(pod)) {
      if (!isTerminating(pod)) this.#actions.push({ kind: 'delete', pod });
      return true;
    }
    if (pod.status?.phase === 'Pending') this.#actions.push({ kind: 'claims', ordinal, pod, createMissing: true });
    if (isTerminating(pod)) return true;
    const mended = mendedIdentity(this.#set, ordinal, pod);
    const ready = isRunningAndAvailable(pod, this.#minReadySeconds, this.#observed.nowMs);
    if (!ready) {
      this.#wait(pod);
      if (this.#ordered) return true;
    }
    this.#actions.push({ kind: 'claims', ordinal, pod, createMissing: false });
    if (mended !== undefined) this.#actions.push({ kind: 'update', pod: mended });
    return !ready;
  }

  /** The pods beyond the range go, the highest first. */
  scaleDown(condemned: readonly Placed[]): boolean {
    for (const { pod, ordinal } of condemned) this.#actions.push({ kind: 'claims', ordinal, pod, createMissing: false });
    if (!this.#ordered) {
      for (const { pod } of condemned) if (!isTerminating(pod)) this.#actions.push({ kind: 'delete', pod });
      return false;
    }
    const [highest] = condemned;
    if (highest === undefined) return false;
    const lowestUnhealthy = condemned.findLast(({ pod }) => isUnavailable(pod, this.#minReadySeconds, this.#observed.nowMs));
    if (isTerminating(highest.pod)) return true;
    // No other goes while one is not well, lest two are missing; but that one may go.
    if (!isUnavailable(highest.pod, this.#minReadySeconds, this.#observed.nowMs) || highest === lowestUnhealthy) this.#actions.push({ kind: 'delete', pod: highest.pod });
    else this.#wait(highest.pod);
    return true;
  }

  /** Old pods at or above the partition go, the highest first: one at a time, or as many as may be unavailable at once where that is said. */
  roll(replicas: ReadonlyMap<number, Pod>): void {
    if (this.#set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) this.#rollOne(replicas);
    else this.#rollSeveral(replicas);
  }

  /** What has been replaced, or is being, must be available before the next below it goes; how those below are does not matter. */
  #rollOne(replicas: ReadonlyMap<number, Pod>): void {
    for (let ordinal = firstOrdinal(this.#set) + replicasOf(this.#set) - 1; ordinal >= this.#partition(); ordinal--) {
      const pod = replicas.get(ordinal);
      if (pod !== undefined && this.#isOutdated(ordinal, pod) && !isTerminating(pod)) {
        this.#actions.push({ kind: 'delete', pod });
        return;
      }
      if (isUnavailable(pod, this.#minReadySeconds, this.#observed.nowMs)) return;
    }
  }

  #rollSeveral(replicas: ReadonlyMap<number, Pod>): void {
    const all = [...replicas].sort(([a], [b]) => b - a);
    const { maxUnavailable, unavailable } = rolloutOf(this.#set, all.map(([, pod]) => pod), this.#observed.nowMs);
    let left = Math.max(0, maxUnavailable - unavailable);
    for (const [ordinal, pod] of all) {
      if (!this.#isOutdated(ordinal, pod) || isTerminating(pod)) continue;
      // One that is not available already costs nothing more.
      const costs = isUnavailable(pod, this.#minReadySeconds, this.#observed.nowMs) ? 0 : 1;
      if (costs > left) continue;
      this.#actions.push({ kind: 'delete', pod });
      left -= costs;
    }
  }

  /** An outdated pod that will not become ready by waiting makes place for one that may: the highest, one at a time. */
  #replaceStuck(replicas: ReadonlyMap<number, Pod>): boolean {
    if ((this.#set.spec?.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return false;
    if ([...replicas.values()].some(isTerminating)) return false;
    const stuck = [...replicas].filter(([ordinal, pod]) => this.#isOutdated(ordinal, pod) && isStuck(pod)).sort(([a], [b]) => b - a)[0];
    if (stuck === undefined) return false;
    this.#actions.push({ kind: 'delete', pod: stuck[1] });
    return true;
  }

  #isOutdated(ordinal: number, pod: Pod): boolean {
    return ordinal >= this.#partition() && podRevisionOf(pod) !== this.#observed.updateRevision.metadata.name;
  }

  /** The first ordinal that is updated. */
  #partition(): number {
    return firstOrdinal(this.#set) + (this.#set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  }

  #revisionFor(ordinal: number): Revision {
    const { currentRevision, updateRevision } = this.#observed;
    const isRolling = (this.#set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
    return isRolling && ordinal < this.#partition() ? currentRevision : updateRevision;
  }

  #wait(pod: Pod): void {
    const ms = isRunningAndReady(pod) ? untilAvailableMs(pod, this.#minReadySeconds, this.#observed.nowMs) : undefined;
    if (ms !== undefined) this.#waits.push(ms);
  }
}
