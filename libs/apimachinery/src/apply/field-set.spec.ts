import fc from 'fast-check';
import { FieldSet } from '.';
import { managerKey, type Manager } from './managed-fields';
import { fieldElement } from './path-element';

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

  it('of two managers are kept apart, whatever they are called', () => {
    const text = fc.string({ unit: fc.constantFrom('1', ' ', 'a'), maxLength: 3 });
    const manager: fc.Arbitrary<Manager> = fc.record({ name: text, operation: fc.constantFrom('Apply', 'Update'), apiVersion: text, subresource: text });
    fc.assert(fc.property(manager, manager, (a, b) => {
      const same = a.name === b.name && a.operation === b.operation && a.subresource === b.subresource && (a.operation === 'Apply' || a.apiVersion === b.apiVersion);
      expect(managerKey(a) === managerKey(b)).toBe(same);
    }), { numRuns: 2000 });
  });

  it('name fields alike, however many names there were in between', () => {
    const names = Array.from({ length: 6_000 }, (_, i) => `name-${i}`);
    expect([...names, ...names, 'x'.repeat(100)].filter((name) => fieldElement(name) !== `f:${name}`)).toEqual([]);
  });
});
