import type { networkingv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { CIDR_FINALIZER, planServiceCidr } from './sync';

const nowMs = Date.parse('2026-03-01T12:00:00Z');

/** Small ranges of 10.0.0.0/24 that overlap in many ways. */
const range = fc.record({ at: fc.nat(15), bits: fc.integer({ min: 26, max: 32 }), isEnding: fc.boolean(), isHeld: fc.boolean() });
type Range = typeof range extends fc.Arbitrary<infer T> ? T : never;
const addresses = fc.uniqueArray(fc.nat(255), { maxLength: 12 });

const sizeOf = ({ bits }: Range): number => 2 ** (32 - bits);
const firstOf = (given: Range): number => Math.floor((given.at * 16) / sizeOf(given)) * sizeOf(given);
/** By arithmetic, where the plan asks node:net. */
const holds = (given: Range, address: number): boolean => address >= firstOf(given) && address < firstOf(given) + sizeOf(given);
const cidr = (given: Range, index: number): networkingv1.ServiceCIDR => ({
  metadata: { name: `r${index}`, finalizers: given.isHeld ? [CIDR_FINALIZER] : [], ...(given.isEnding ? { deletionTimestamp: formatTime(nowMs) } : {}) },
  spec: { cidrs: [`10.0.0.${firstOf(given)}/${given.bits}`] },
});
const text = (address: number): string => `10.0.0.${address}`;

describe('what a range of Service addresses needs', () => {
  it('lets go of a range only when each address of it that is in use is in another that stays', () => {
    fc.assert(fc.property(range, fc.array(range, { maxLength: 4 }), addresses, (one, others, used) => {
      const plan = planServiceCidr(cidr({ ...one, isEnding: true, isHeld: true }, 0), others.map((other, index) => cidr(other, index + 1)), used.map(text), nowMs);
      const orphans = used.filter((address) => holds(one, address) && !others.some((other) => !other.isEnding && holds(other, address)));
      expect(plan.finalizer).toBe(orphans.length === 0 ? 'remove' : undefined);
      expect(plan.condition?.reason).toBe(orphans.length === 0 ? undefined : 'Terminating');
    }));
  });

  it('holds what stays, and is done once its plan is carried out', () => {
    fc.assert(fc.property(range, fc.array(range, { maxLength: 4 }), addresses, (one, others, used) => {
      const before = cidr(one, 0);
      const rest = others.map((other, index) => cidr(other, index + 1));
      const plan = planServiceCidr(before, rest, used.map(text), nowMs);
      if (!one.isEnding) expect(plan.finalizer).toBe(one.isHeld ? undefined : 'add');
      const finalizers = plan.finalizer === 'add' ? [CIDR_FINALIZER] : plan.finalizer === 'remove' ? [] : before.metadata.finalizers ?? [];
      const after: networkingv1.ServiceCIDR = { ...before, metadata: { ...before.metadata, finalizers }, ...(plan.condition ? { status: { conditions: [plan.condition] } } : {}) };
      expect(planServiceCidr(after, rest, used.map(text), nowMs)).toEqual({});
    }));
  });

  it('never lets two ranges go whose addresses only the other has', () => {
    fc.assert(fc.property(range, range, addresses, (one, two, used) => {
      const [a, b] = [cidr({ ...one, isEnding: true, isHeld: true }, 0), cidr({ ...two, isEnding: true, isHeld: true }, 1)];
      const go = [planServiceCidr(a, [b], used.map(text), nowMs), planServiceCidr(b, [a], used.map(text), nowMs)].filter(({ finalizer }) => finalizer === 'remove');
      if (used.some((address) => holds(one, address) && holds(two, address))) expect(go).toEqual([]);
    }));
  });
});
