import fc from 'fast-check';
import { canonicallyEqual, canonicalJson } from './canonical-json';

describe('canonical JSON', () => {
  const names = fc.constantFrom('a', 'b', 'c');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<unknown>(undefined, '', null, 0, 'x', false), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(names, tie('value'), { maxKeys: 3 })),
  }));

  it('is compared without being written', () => {
    fc.assert(fc.property(value, value, (a, b) => expect(canonicallyEqual(a, b)).toBe(canonicalJson(a) === canonicalJson(b))), { numRuns: 500 });
    fc.assert(fc.property(value, (a) => expect(canonicallyEqual(a, structuredClone(a))).toBe(true)), { numRuns: 100 });
  });
});
