import fc from 'fast-check';
import { SortedMap } from './sorted-map';

const anyKey = fc.array(fc.constantFrom('a', 'b', '/'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key: anyKey, value: fc.nat() }),
  fc.record({ kind: fc.constant('delete' as const), key: anyKey }),
);

describe('SortedMap', () => {
  it('holds what a map holds, in key order, whole and by prefix', () => {
    fc.assert(fc.property(fc.array(anyStep, { maxLength: 300 }), fc.array(anyKey, { maxLength: 4 }), (steps, prefixes) => {
      const map = new SortedMap<number>();
      const model = new Map<string, number>();
      for (const step of steps) {
        if (step.kind === 'set') {
          map.set(step.key, step.value);
          model.set(step.key, step.value);
        } else expect(map.delete(step.key)).toBe(model.delete(step.key));
      }
      expect(map.size).toBe(model.size);
      for (const [key, value] of model) expect(map.get(key)).toBe(value);
      for (const prefix of ['', ...prefixes]) {
        const expected = [...model].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
        expect(map.values(prefix)).toEqual(expected);
      }
    }));
  });

  it('splits and drops blocks as it grows and shrinks', () => {
    const keys = Array.from({ length: 5000 }, (_, n) => `/k/${(n * 2741) % 5000}`);
    const grown = new SortedMap<string>();
    for (const key of keys) grown.set(key, key);
    const sorted = [...keys].sort();
    expect(grown.values()).toEqual(sorted);
    const built = SortedMap.fromSorted(sorted.map((key) => [key, key] as const));
    for (const key of keys) if (!key.endsWith('7')) expect(built.delete(key)).toBe(true);
    expect(built.values()).toEqual(sorted.filter((key) => key.endsWith('7')));
    expect(built.values('/k/12')).toEqual(sorted.filter((key) => key.endsWith('7') && key.startsWith('/k/12')));
  });

  it('copies ranges: a list stays as it was', () => {
    const map = SortedMap.fromSorted<number>([['a', 1], ['b', 2]]);
    const before = map.values();
    map.set('a', 3);
    map.delete('b');
    expect(before).toEqual([1, 2]);
  });
});
