import { type corev1 } from '@navarch/api';
import { wholeValue } from '../quantities';
import { isLimited, podTotal } from './pod-resources';

/** What is in use now, in bytes; undefined where nobody can say. */
export interface MemoryInUse {
  readonly pod: number | undefined;
  readonly container: number | undefined;
}

/**
 * Why a container's memory cannot shrink now: it, or its pod, has more in use than it would be left with. The kernel
 * would end its processes for that, or refuse. Upstream's texts.
 */
export function shrinkError(
  before: corev1.Pod,
  after: corev1.Pod,
  container: { readonly name: string; readonly from: corev1.ResourceRequirements; readonly to: corev1.ResourceRequirements },
  used: MemoryInUse,
): string | undefined {
  const errors = [
    ...tooSmall('pod', podLimit(before), podLimit(after), used.pod),
    ...tooSmall(`container ${JSON.stringify(container.name)}`, limitOf(container.from), limitOf(container.to), used.container),
  ];
  return told(errors);
}

/** The same of a pod alone. */
export function podShrinkError(before: corev1.Pod, after: corev1.Pod, used: number | undefined): string | undefined {
  return told(tooSmall('pod', podLimit(before), podLimit(after), used));
}

function told(errors: readonly string[]): string | undefined {
  return errors.length === 0 ? undefined : `cannot decrease memory limits: ${errors.length === 1 ? errors.join() : `[${errors.join(', ')}]`}`;
}

/** Whether a container is to have less memory than before; only then can its pod be, too. */
export function shrinks(from: corev1.ResourceRequirements, to: corev1.ResourceRequirements): boolean {
  return limitOf(to) < limitOf(from);
}

function tooSmall(what: string, from: number, to: number, used: number | undefined): string[] {
  return to < from && used !== undefined && used > to ? [`attempting to set ${what} memory limit (${to}) below current usage (${used})`] : [];
}

function podLimit(pod: corev1.Pod): number {
  return isLimited(pod, 'memory') ? podTotal(pod, 'limits', 'memory', wholeValue) : Infinity;
}

function limitOf({ limits }: corev1.ResourceRequirements): number {
  return limits?.['memory'] === undefined ? Infinity : wholeValue(limits['memory']);
}
