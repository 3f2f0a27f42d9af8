import fc from 'fast-check';
import { FieldSet } from '.';

describe('field sets', () => {
  const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1', 'i:0');
  const set = fc.array(fc.array(element, { minLength: 1, maxLength: 4 })).map((paths) => FieldSet.of(...paths));

  it('keep the laws of sets and read back what they write', () => {
    fc.assert(fc.property(set, set, (a, b) => {
      expect(FieldSet.fromFieldsV1(a.toFieldsV1()).equals(a)).toBe(true);
      expect(a.union(b).equals(b.union(a))).toBe(true);
      expect(a.intersection(b).equals(b.intersection(a))).toBe(true);
      expect(a.difference(b).union(a.intersection(b)).equals(a)).toBe(true);
      expect(a.difference(a).empty && a.recursiveDifference(a).empty).toBe(true);
      for (const path of a.paths()) expect(a.union(b).has(path)).toBe(true);
    }));
  });
});
