import type { Figure } from '../report/figure';
import type { Measured } from './scenario';

/** Requests a second, with all that was seen of them. */
export function requestFigure(scenario: string, what: string, { result, cpuSeconds, othersShare }: Measured): Figure {
  const { requests, seconds, p50Ms, p99Ms, maxMs, bytes } = result;
  return { scenario, what, value: requests / seconds, unit: '/s', cpuSeconds, othersShare, detail: { requests, seconds, p50Ms, p99Ms, maxMs, bytesEach: Math.round(bytes / requests) } };
}
