import { type corev1 } from '@navarch/api';
import { milliValue, wholeValue } from '../quantities';
import { podTotal } from './pod-resources';
import { qosClass } from './qos-class';

/** A pod that waits to be resized. */
export interface WaitingResize {
  /** As it is to be. */
  readonly wanted: corev1.Pod;
  /** With what is set aside for it. */
  readonly held: corev1.Pod;
  /** Since when it has waited for room. */
  readonly sinceMs: number;
}

/** Who is first to get what is free: upstream's order. Whoever asks for no more than before may even make room for the others. */
export function resizeOrder(a: WaitingResize, b: WaitingResize): number {
  return Number(asksForMore(a)) - Number(asksForMore(b))
    || (b.wanted.spec?.priority ?? 0) - (a.wanted.spec?.priority ?? 0)
    || Number(qosClass(b.wanted) === 'Guaranteed') - Number(qosClass(a.wanted) === 'Guaranteed')
    || a.sinceMs - b.sinceMs;
}

function asksForMore({ wanted, held }: WaitingResize): boolean {
  const more = (resource: string, value: (quantity: string | undefined) => number): boolean => podTotal(wanted, 'requests', resource, value) > podTotal(held, 'requests', resource, value);
  return more('cpu', milliValue) || more('memory', wholeValue);
}
