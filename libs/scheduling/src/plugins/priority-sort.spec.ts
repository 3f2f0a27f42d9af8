import fc from 'fast-check';
import { prioritySort } from './priority-sort';

interface Queued {
  readonly priority: number;
  readonly since: number;
}

const compare = (a: Queued, b: Queued): number => prioritySort.compare?.(a, b) ?? Number.NaN;
const queued = fc.record({ priority: fc.integer({ min: -5, max: 5 }), since: fc.integer({ min: 0, max: 5 }) });

describe('PrioritySort', () => {
  it.each<{ reason: string; a: Queued; b: Queued; first: 'a' | 'b' | 'either' }>([
    { reason: 'the more important goes first', a: { priority: 10, since: 5 }, b: { priority: 1, since: 1 }, first: 'a' },
    { reason: 'a negative priority is less than none', a: { priority: -1, since: 1 }, b: { priority: 0, since: 5 }, first: 'b' },
    { reason: 'the highest that there is goes before all', a: { priority: 2_000_001_000, since: 5 }, b: { priority: -2_147_483_648, since: 1 }, first: 'a' },
    { reason: 'of equals the one that has waited longer', a: { priority: 1, since: 7 }, b: { priority: 1, since: 3 }, first: 'b' },
    { reason: 'those that came at once are equal', a: { priority: 1, since: 3 }, b: { priority: 1, since: 3 }, first: 'either' },
  ])('$reason', ({ a, b, first }) => {
    expect([Math.sign(compare(a, b)), Math.sign(compare(b, a))]).toEqual({ a: [-1, 1], b: [1, -1], either: [0, 0] }[first]);
  });

  it('puts any queue into one order, whatever order it came in', () => {
    fc.assert(fc.property(fc.array(queued), (pods) => {
      const sorted = [...pods].sort(compare);
      expect([...pods].reverse().sort(compare)).toEqual(sorted);
      for (const [index, pod] of sorted.slice(1).entries()) {
        const before = sorted[index] as Queued;
        expect(before.priority > pod.priority || (before.priority === pod.priority && before.since <= pod.since)).toBe(true);
      }
    }), { seed: 1 });
  });
});
