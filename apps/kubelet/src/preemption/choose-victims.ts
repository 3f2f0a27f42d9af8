import { type corev1 } from '@navarch/api';
import { requestOf, type Shortfall } from '../pods/admit-pod';
import { isCritical } from '../pods/critical-pod';
import { qosClass, type QosClass } from '../pods/qos-class';

/** How much of a resource is missing. */
interface Missing {
  readonly resource: string;
  readonly amount: number;
}

/** The pods to end, or why ending pods would not help. */
export type Victims = { readonly pods: readonly corev1.Pod[] } | { readonly error: string };

/**
 * The pods whose end makes room for a critical one: as little of the guaranteed as can be, then as little of the
 * burstable, and the rest from those that were promised nothing. Upstream's getPodsToPreempt.
 */
export function chooseVictims(preemptor: corev1.Pod, running: readonly corev1.Pod[], shortfalls: readonly Shortfall[]): Victims {
  const missing = shortfalls.map(({ resource, requested, used, capacity }) => ({ resource, amount: requested - (capacity - used) }));
  const lesser = running.filter((pod) => isPreemptable(preemptor, pod));
  const of = (wanted: QosClass): corev1.Pod[] => lesser.filter((pod) => qosClass(pod) === wanted);
  const [bestEffort, burstable, guaranteed] = [of('BestEffort'), of('Burstable'), of('Guaranteed')];
  const never = without(missing, lesser);
  if (never.length > 0) return { error: `no set of running pods found to reclaim resources: ${text(never)}` };
  const fromGuaranteed = closest(guaranteed, without(missing, [...bestEffort, ...burstable]));
  const fromBurstable = closest(burstable, without(missing, [...bestEffort, ...fromGuaranteed]));
  const fromBestEffort = closest(bestEffort, without(missing, [...fromBurstable, ...fromGuaranteed]));
  return { pods: [...fromBestEffort, ...fromBurstable, ...fromGuaranteed] };
}

function isPreemptable(preemptor: corev1.Pod, pod: corev1.Pod): boolean {
  if (isCritical(preemptor) && !isCritical(pod)) return true;
  const [own, other] = [preemptor.spec?.priority, pod.spec?.priority];
  return own !== undefined && other !== undefined && own > other;
}

/** What would still be missing without these pods. */
function without(missing: readonly Missing[], pods: readonly corev1.Pod[]): Missing[] {
  return missing
    .map(({ resource, amount }) => ({ resource, amount: pods.reduce((left, pod) => left - requestOf(pod, resource), amount) }))
    .filter(({ amount }) => amount > 0);
}

/** Takes, each time, the pod that leaves least missing; of equals, the one that has asked for less. The pods are known to suffice. */
function closest(pods: readonly corev1.Pod[], missing: readonly Missing[]): corev1.Pod[] {
  const chosen: corev1.Pod[] = [];
  const left = [...pods];
  for (let still = missing; still.length > 0; still = without(still, chosen.slice(-1))) {
    const [best] = left.toSorted((a, b) => distance(still, a) - distance(still, b) || requestOf(a, 'memory') - requestOf(b, 'memory') || requestOf(a, 'cpu') - requestOf(b, 'cpu'));
    if (!best) throw new Error(`the pods chosen from do not suffice: ${text(still)}`);
    left.splice(left.indexOf(best), 1);
    chosen.push(best);
  }
  return chosen;
}

/** How far a pod is from giving all that is missing: each resource weighs the same, whatever its unit. */
function distance(missing: readonly Missing[], pod: corev1.Pod): number {
  return missing.reduce((sum, { resource, amount }) => sum + (Math.max(0, amount - requestOf(pod, resource)) / amount) ** 2, 0);
}

function text(missing: readonly Missing[]): string {
  return `[${missing.map(({ resource, amount }) => `(res: ${resource}, q: ${amount}), `).join('')}]`;
}
