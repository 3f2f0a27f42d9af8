import { inRange, parseIpRange } from '@navarch/apimachinery';
import fc from 'fast-check';
import { CidrPool, rangesOverlap } from './cidr-pool';

const runs = { seed: 20_261_128, numRuns: 200 };

describe('a pool of ranges', () => {
  it.each([['10.244.0.0/21', 24], ['fd00:10:244::/61', 64]])('gives no part of %s twice, whatever is given, taken back and found in use', (range, bits) => {
    fc.assert(fc.property(fc.array(fc.record({ kind: fc.constantFrom('allocate', 'release', 'occupy'), at: fc.nat(7) }), { maxLength: 40 }), (steps) => {
      const pool = new CidrPool(range, bits);
      const whole = new CidrPool(range, bits);
      const parts = Array.from({ length: pool.count }, () => whole.allocate() ?? '');
      const given = new Set<string>();
      for (const { kind, at } of steps) {
        const part = parts[at] as string;
        if (kind === 'release') {
          pool.release(part);
          given.delete(part);
        } else if (kind === 'occupy') {
          expect(pool.occupy(part)).toBe(true);
          given.add(part);
        } else {
          const allocated = pool.allocate();
          // As long as there is one, one is given.
          expect(allocated === undefined).toBe(given.size === parts.length);
          if (allocated === undefined) continue;
          expect(given.has(allocated)).toBe(false);
          expect(inRange(allocated, range) && parseIpRange(allocated)?.bits === bits).toBe(true);
          expect([...given].some((other) => rangesOverlap(other, allocated))).toBe(false);
          given.add(allocated);
        }
        expect(pool.used).toBe(given.size);
      }
    }), runs);
  });
});
