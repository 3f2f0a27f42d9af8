import { type corev1 } from '@navarch/api';
import { podTotal } from '../pods/pod-resources';
import { containersOf } from '../pods/pod-spec';
import { binaryQuantity, wholeValue } from '../quantities';
import { type SpaceUsage } from './pod-usage';

/** Whether a pod limits what it writes, so that it is worth measuring. */
export function limitsStorage(pod: corev1.Pod): boolean {
  return (pod.spec?.volumes ?? []).some(({ emptyDir }) => wholeValue(emptyDir?.sizeLimit) > 0)
    || containersOf(pod).some(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined);
}

/** Upstream's names for what a pod went over, and what it says of it. */
export interface ExceededStorage {
  readonly signal: 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit';
  readonly message: string;
}

/** Why a pod that wrote more than it may is evicted; undefined when it is within its limits. */
export function exceededStorage(pod: corev1.Pod, usage: SpaceUsage): ExceededStorage | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = wholeValue(emptyDir?.sizeLimit);
    if (emptyDir && limit > 0 && (usage.emptyDirs.get(name) ?? 0) > limit) {
      return { signal: 'emptydirfs.limit', message: `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit ?? ''}". ` };
    }
  }
  const podLimit = podTotal(pod, 'limits', 'ephemeral-storage', wholeValue);
  // Some containers' limits hold for all of them together, as upstream has it.
  if (podLimit > 0 && usage.diskBytes > podLimit) {
    return { signal: 'ephemeralpodfs.limit', message: `Pod ephemeral local storage usage exceeds the total limit of containers ${binaryQuantity(podLimit)}. ` };
  }
  for (const { name, resources } of containersOf(pod)) {
    const text = resources?.limits?.['ephemeral-storage'];
    if (text !== undefined && (usage.containers.get(name)?.diskBytes ?? 0) > wholeValue(text)) {
      return { signal: 'ephemeralcontainerfs.limit', message: `Container ${name} exceeded its local ephemeral storage limit "${text}". ` };
    }
  }
  return undefined;
}
