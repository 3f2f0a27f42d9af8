import type { corev1 } from '@navarch/api';
import { isPodReady } from '@navarch/reconcile';
import { exponentialBuckets, Histogram, type Registry } from 'prom-client';

const NAME = 'replicaset_controller_sorting_deletion_age_ratio';

/** The metric by upstream's name (pkg/controller/replicaset/metrics); ReplicaSets and ReplicationControllers share it, as they do there. */
export function deletionAgeRatio(registry: Registry): Histogram {
  const known = registry.getSingleMetric(NAME);
  if (known instanceof Histogram) return known;
  return new Histogram({
    name: NAME,
    help: 'How many times as old as the youngest ready pod the ready pods were that were chosen for deletion.',
    buckets: exponentialBuckets(0.25, 2, 6),
    registers: [registry],
  });
}

/**
 * For each ready pod that is to go, its age in whole multiples of that of the youngest ready one. None when all pods go: nothing was chosen then.
 * None either while the youngest has no age yet, for which upstream has no answer.
 */
export function deletionAgeRatios(active: readonly corev1.Pod[], remove: readonly corev1.Pod[], nowMs: number): number[] {
  if (remove.length >= active.length) return [];
  const ageMs = ({ metadata }: corev1.Pod): number => nowMs - Date.parse(metadata.creationTimestamp ?? '');
  const youngestMs = Math.min(...active.filter(isPodReady).map(ageMs));
  if (!(youngestMs > 0)) return [];
  return remove.filter(isPodReady).map((pod) => Math.trunc(ageMs(pod) / youngestMs));
}
