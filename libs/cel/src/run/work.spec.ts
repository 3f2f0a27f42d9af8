import { array, assert, constantFrom, nat, property, uniqueArray } from 'fast-check';
import { compile, CostExceeded, fromJson, type OpenApiSchema, toJson, types, typeOfSchema, variables } from '..';
import { compare } from '../values/equal';

const declarations = variables({ many: types.list(types.int), names: types.list(types.string), text: types.string, map: types.map(types.string, types.int), deep: types.dyn });
const values: Record<string, unknown> = {
  many: Array.from({ length: 1000 }, (_, i) => i),
  names: Array.from({ length: 20_000 }, (_, i) => `name-${i}`),
  text: 'ab'.repeat(50_000),
  map: { ['k'.repeat(100_000)]: 1 },
  deep: [Array.from({ length: 20_000 }, (_, i) => [i])],
};

/** How an expression that has all of one call's budget ends. */
function endOf(source: string): 'over budget' | 'a value' {
  try {
    compile(source, { declarations }).evaluate((name) => fromJson(values[name]));
    return 'a value';
  } catch (error) {
    if (error instanceof CostExceeded) return 'over budget';
    throw error;
  }
}

describe('what upstream charges as one step, however much it goes through', () => {
  it.each([
    ['lists that are added', 'many.all(i, many.all(j, (names + names).size() > i))'],
    ['ranges', 'many.all(i, many.all(j, lists.range(1000000).size() > i))'],
    ['deep lists that are compared', 'many.all(i, many.all(j, deep == deep + []))'],
    ['what %s writes out', 'many.all(i, many.all(j, "%s".format([names]) != ""))'],
    ['a long key', 'many.all(i, many.all(j, (text + "c") in map || true))'],
    ['a long text in a list', 'many.all(i, many.all(j, !((text + "c") in names)))'],
    ['what is found', 'many.all(i, many.all(j, text.findAll("ab").size() > i))'],
    ['what grows as it is replaced', 'many.all(i, text.replace("a", text.substring(0, 10000)) != "")'],
    ['lists in lists', 'many.all(i, many.all(j, deep.flatten(2).size() > i))'],
  ])('%s come to the end of the budget', (_what, source) => {
    // By cost alone each of them would go on for minutes, longer than a test may take.
    expect(endOf(source)).toBe('over budget');
  });

  it('is not noticed by what costs describe well', () => {
    const sum = compile('many.map(i, i * 2).filter(i, i in [2, 4]).size() > 0 && names.all(n, n.startsWith("name")) && deep == deep', { declarations });
    expect(toJson(sum.evaluate((name) => fromJson(values[name])).value)).toBe(true);
  });
});

describe('texts', () => {
  it('are ordered by code points', () => {
    const texts = array(constantFrom('a', 'b', '￼', '🙂', '𝒳'), { maxLength: 4 }).map((pieces) => pieces.join(''));
    assert(property(texts, texts, (a, b) => {
      expect(compare(a, b)).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }));
  });
});

describe('sets and keyed lists', () => {
  const listOf = (type: string, items: OpenApiSchema): OpenApiSchema => ({ type: 'array', items, 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': ['k'] });
  const valueOf = (source: string, schema: OpenApiSchema, lists: Record<string, unknown>): unknown => {
    const type = typeOfSchema(schema) ?? types.dyn;
    return toJson(compile(source, { declarations: variables({ a: type, b: type }) }).evaluate((name) => fromJson(lists[name], schema)).value);
  };
  const sorted = (list: readonly number[]): number[] => [...list].sort((x, y) => x - y);

  it('are equal and add whatever their order', () => {
    const set = listOf('set', { type: 'integer' });
    const keyed = listOf('map', { type: 'object', properties: { k: { type: 'integer' }, v: { type: 'integer' } } });
    const numbers = uniqueArray(nat(5));
    assert(property(numbers, numbers, nat(2), (a, b, v) => {
      const equal = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      const both = [...a, ...b.filter((item) => !a.includes(item))];
      expect(valueOf('a == b', set, { a, b })).toBe(equal);
      expect(valueOf('a + b', set, { a, b })).toEqual(both);
      const [left, right] = [a.map((k) => ({ k, v: 0 })), b.map((k) => ({ k, v }))];
      expect(valueOf('a == b', keyed, { a: left, b: right })).toBe(equal && (v === 0 || a.length === 0));
      expect(valueOf('a + b', keyed, { a: left, b: right })).toEqual(both.map((k) => ({ k, v: b.includes(k) ? v : 0 })));
    }));
  });

  it('are compared without looking for each item in all others', () => {
    const set = listOf('set', { type: 'string' });
    const a = Array.from({ length: 50_000 }, (_, i) => `item-${i}`);
    expect(valueOf('a == b', set, { a, b: [...a].reverse() })).toBe(true);
  });
});
