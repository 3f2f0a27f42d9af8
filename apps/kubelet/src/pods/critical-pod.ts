import { type corev1 } from '@navarch/api';

/** Static and mirror pods, and those of the two system priorities: upstream's IsCriticalPod. */
export function isCritical(pod: corev1.Pod): boolean {
  const { annotations } = pod.metadata;
  const source = annotations?.['kubernetes.io/config.source'];
  return (pod.spec?.priority ?? 0) >= systemCriticalPriority || (source !== undefined && source !== 'api') || annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

const systemCriticalPriority = 2_000_000_000;
