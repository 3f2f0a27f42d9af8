import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';

/** For containers, limits default to the greatest allowed, and requests to those limits or the least allowed. */
export function defaultLimitRange(limitRange: Loose<corev1.LimitRange>): void {
  for (const item of list((limitRange.spec ??= {}).limits)) {
    if (item.type !== 'Container') continue;
    const limits = { ...item.max, ...item.default };
    const requests = { ...item.min, ...limits, ...item.defaultRequest };
    if (Object.keys(limits).length > 0) item.default = limits;
    if (Object.keys(requests).length > 0) item.defaultRequest = requests;
  }
}
