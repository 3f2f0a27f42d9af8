import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf } from './pod-spec';
import { quantityIsZero, sameQuantity } from '../quantities';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Upstream's quality-of-service class: by cpu and memory of every container. */
export function qosClass(pod: corev1.Pod): QosClass {
  const containers = [...initContainersOf(pod), ...containersOf(pod)];
  let any = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name];
      const request = resources?.requests?.[name];
      if (isSet(limit) || isSet(request)) any = true;
      // The API server sets a missing request to the limit.
      if (!isSet(limit) || (request !== undefined && limit !== undefined && !sameQuantity(limit, request))) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function isSet(quantity: string | undefined): boolean {
  return quantity !== undefined && !quantityIsZero(quantity);
}
