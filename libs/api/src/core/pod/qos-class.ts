import { compareQuantities, type Quantity } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { readQuantity } from '../../support/quantity';
import { isPodLevelResource } from './pod-level-resources';

type Spec = Loose<corev1.PodSpec>;

/** Only these two decide the class of a container. */
const decisive = (resource: string): boolean => resource === 'cpu' || resource === 'memory';

function positive(resources: Loose<Record<string, string>> | undefined, counts: (resource: string) => boolean): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>();
  for (const [name, text] of entries(resources)) {
    const quantity = readQuantity(text);
    if (counts(name) && quantity !== undefined && quantity.nanos > 0n) amounts.set(name, quantity);
  }
  return amounts;
}

type Amounts = Map<string, Quantity>;

function addTo(total: Amounts, more: Amounts): void {
  for (const [name, quantity] of more) {
    const known = total.get(name);
    total.set(name, known === undefined ? quantity : { ...known, nanos: known.nanos + quantity.nanos });
  }
}

const hasBoth = (amounts: Amounts): boolean => amounts.has('cpu') && amounts.has('memory');

/** Guaranteed, Burstable or BestEffort: who is killed first when a node runs out. */
export function qosClassOf(spec: Spec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const requests: Amounts = new Map();
  const limits: Amounts = new Map();
  let guaranteed = true;
  if (spec.resources) {
    addTo(requests, positive(spec.resources.requests, isPodLevelResource));
    addTo(limits, positive(spec.resources.limits, isPodLevelResource));
    guaranteed = hasBoth(limits);
  } else {
    for (const { resources } of [...list(spec.containers), ...list(spec.initContainers)]) {
      addTo(requests, positive(resources?.requests, decisive));
      const own = positive(resources?.limits, decisive);
      addTo(limits, own);
      if (!hasBoth(own)) guaranteed = false;
    }
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal = requests.size === limits.size && [...requests].every(([name, quantity]) => {
    const limit = limits.get(name);
    return limit !== undefined && compareQuantities(limit, quantity) === 0;
  });
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}
