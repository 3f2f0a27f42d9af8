import type { proxyv1 } from '@navarch/proto';

/** An endpoint in a slot, which may be lent to it until somebody new comes. */
type Slotted = proxyv1.Endpoint & { readonly lent?: boolean };

const key = (endpoint: proxyv1.Endpoint): string => `${endpoint.address}:${endpoint.port}`;

/** Keeps endpoints in the slots they have, so that little is written: a freed slot takes the last endpoint, new ones come at the end. */
export function assignSlots(before: readonly Slotted[], wanted: readonly proxyv1.Endpoint[]): proxyv1.Endpoint[] {
  const missing = new Map(wanted.map((endpoint) => [key(endpoint), endpoint]));
  const slots: (proxyv1.Endpoint | undefined)[] = before.map((endpoint) => (endpoint.lent !== true && missing.delete(key(endpoint)) ? endpoint : undefined));
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

/** The own slot of an endpoint that this one is lent to; undefined for a slot that is nobody else's. */
export function ownSlot(slots: readonly Slotted[], slot: number): number | undefined {
  const here = slots[slot];
  if (here?.lent !== true) return undefined;
  const own = slots.findIndex((other) => other.lent !== true && key(other) === key(here));
  if (own < 0) throw new Error(`${key(here)} has a slot lent and none of its own`);
  return own;
}

/**
 * The same where session affinity remembers slots: who stays keeps its slot, so that its clients stay too. A slot that was freed
 * goes to who is new, or else is lent to one of those that have the fewest; those at the end just go.
 */
export function keepSlots(before: readonly Slotted[], wanted: readonly proxyv1.Endpoint[]): Slotted[] {
  const fresh = new Map(wanted.map((endpoint) => [key(endpoint), endpoint]));
  const held = new Map(wanted.map((endpoint) => [key(endpoint), 0]));
  const hold = <T extends proxyv1.Endpoint>(endpoint: T): T => {
    held.set(key(endpoint), (held.get(key(endpoint)) ?? 0) + 1);
    return endpoint;
  };
  for (const endpoint of before) if (endpoint.lent !== true) fresh.delete(key(endpoint));
  const waiting = [...fresh.values()];
  const slots = before.map((endpoint) => {
    if (held.has(key(endpoint)) && (endpoint.lent !== true || waiting.length === 0)) return hold(endpoint);
    const next = waiting.shift();
    return next && hold(next);
  });
  slots.push(...waiting.map(hold));
  while (slots.length > 0 && slots[slots.length - 1] === undefined) slots.pop();
  return slots.map((endpoint) => endpoint ?? { ...hold(fewest(wanted, held)), lent: true });
}

const fewest = (endpoints: readonly proxyv1.Endpoint[], held: ReadonlyMap<string, number>): proxyv1.Endpoint =>
  endpoints.reduce((least, endpoint) => ((held.get(key(endpoint)) ?? 0) < (held.get(key(least)) ?? 0) ? endpoint : least));
