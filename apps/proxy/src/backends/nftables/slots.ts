import type { proxyv1 } from '@navarch/proto';

/**
 * Keeps endpoints in the slots they have, so that session affinity, which remembers slots, survives changes: a freed slot takes
 * the last endpoint, new ones come at the end.
 */
export function assignSlots(before: readonly proxyv1.Endpoint[], wanted: readonly proxyv1.Endpoint[]): proxyv1.Endpoint[] {
  const key = (endpoint: proxyv1.Endpoint): string => `${endpoint.address}:${endpoint.port}`;
  const missing = new Map(wanted.map((endpoint) => [key(endpoint), endpoint]));
  const slots: (proxyv1.Endpoint | undefined)[] = before.map((endpoint) => (missing.delete(key(endpoint)) ? endpoint : undefined));
  for (const endpoint of missing.values()) {
    const free = slots.indexOf(undefined);
    if (free >= 0) slots[free] = endpoint;
    else slots.push(endpoint);
  }
  for (let index = 0; index < slots.length; index++) {
    while (slots.length > index && slots[slots.length - 1] === undefined) slots.pop();
    if (index < slots.length && slots[index] === undefined) slots[index] = slots.pop();
  }
  return slots as proxyv1.Endpoint[];
}
