import { addQuantities, compareQuantities, formatQuantity, type Quantity } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { readQuantity } from '../../support/quantity';

type Spec = Loose<corev1.PodSpec>;
type Totals = Map<string, Quantity>;

const isHugePage = (resource: string): boolean => resource.startsWith('hugepages-');
/** Resources that a pod as a whole may ask for. */
export const isPodLevelResource = (resource: string): boolean => resource === 'cpu' || resource === 'memory' || isHugePage(resource);

function parsed(resources: Loose<Record<string, string>> | undefined): Totals {
  const totals: Totals = new Map();
  for (const [name, text] of entries(resources)) {
    const quantity = readQuantity(text);
    if (quantity !== undefined) totals.set(name, quantity);
  }
  return totals;
}

function addTo(totals: Totals, more: Totals): void {
  for (const [name, quantity] of more) {
    const known = totals.get(name);
    totals.set(name, known === undefined ? quantity : addQuantities(known, quantity));
  }
}

function raiseTo(totals: Totals, least: Totals): void {
  for (const [name, quantity] of least) {
    const known = totals.get(name);
    if (known === undefined || compareQuantities(known, quantity) < 0) totals.set(name, quantity);
  }
}

/**
 * What the containers ask for together: the sum of those that run side by side (sidecars included), or the greatest
 * need while an init container runs beside the sidecars started before it.
 */
export function aggregateContainers(spec: Spec, kind: 'limits' | 'requests'): Totals {
  const running: Totals = new Map();
  for (const container of list(spec.containers)) addTo(running, parsed(container.resources?.[kind]));
  const sidecars: Totals = new Map();
  const starting: Totals = new Map();
  for (const container of list(spec.initContainers)) {
    const own = parsed(container.resources?.[kind]);
    if (container.restartPolicy === 'Always') {
      addTo(running, own);
      addTo(sidecars, own);
      raiseTo(starting, sidecars);
      continue;
    }
    addTo(own, sidecars);
    raiseTo(starting, own);
  }
  raiseTo(running, starting);
  return running;
}

/** Fills the requests of the pod as a whole, where it has limits: from its containers, else from those limits. */
export function defaultPodLevelResources(spec: Spec): void {
  const { resources } = spec;
  if (!resources) return;
  for (const [name, quantity] of aggregateContainers(spec, 'limits'))
    if (isHugePage(name) && resources.requests?.[name] === undefined && resources.limits?.[name] === undefined)
      (resources.limits ??= {})[name] = formatQuantity(quantity);
  if (entries(resources.limits).length === 0) return;
  const requests: Loose<Record<string, string>> = { ...resources.requests };
  for (const [name, quantity] of aggregateContainers(spec, 'requests'))
    // Huge pages cannot be overcommitted: their request is their limit.
    if (requests[name] === undefined && isPodLevelResource(name) && !isHugePage(name)) requests[name] = formatQuantity(quantity);
  for (const [name, limit] of entries(resources.limits)) if (isPodLevelResource(name)) requests[name] ??= limit;
  if (entries(requests).length > 0) resources.requests = requests;
}
