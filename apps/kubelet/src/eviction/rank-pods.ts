import { type corev1 } from '@navarch/api';
import { isCritical } from '../pods/critical-pod';
import { podTotal } from '../pods/pod-resources';
import { wholeValue } from '../quantities';
import { shareOf, type DiskShare } from './disk-share';
import { resourceOf } from './pressure';
import { type PodUsage } from './pod-usage';
import { type Signal } from './thresholds';

export interface Candidate {
  readonly pod: corev1.Pod;
  readonly usage: PodUsage;
}

/** Pods in the order they are given up: those over their request first, then the less important, then those furthest over it. `share`: what of the disk is short. */
export function rankPods(candidates: readonly Candidate[], signal: Signal, share: DiskShare): Candidate[] {
  const excess = ({ pod, usage }: Candidate): number => {
    switch (resourceOf(signal)) {
      case 'memory': return usage.memoryBytes - podTotal(pod, 'requests', 'memory', wholeValue);
      case 'ephemeral-storage': return shareOf(usage, share).bytes - podTotal(pod, 'requests', 'ephemeral-storage', wholeValue);
      case 'inodes': return shareOf(usage, share).inodes;
      case 'pids': return usage.pids;
    }
  };
  // Only memory and disk can be requested.
  const hasRequests = resourceOf(signal) === 'memory' || resourceOf(signal) === 'ephemeral-storage';
  const exceeds = (candidate: Candidate): number => (hasRequests && excess(candidate) > 0 ? 1 : 0);
  return candidates.filter(({ pod }) => !isCritical(pod)).sort((a, b) => exceeds(b) - exceeds(a) || (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0) || excess(b) - excess(a));
}
