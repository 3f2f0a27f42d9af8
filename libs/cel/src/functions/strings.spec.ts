import { array, assert, constantFrom, nat, property } from 'fast-check';
import { compile, CostExceeded, EvalError, fromJson, toJson, types, variables } from '..';

const declarations = variables({ text: types.string, part: types.string, other: types.string, at: types.int, to: types.int, times: types.list(types.int) });
const failed = Symbol('failed');

function valueOf(source: string, values: Record<string, unknown>): unknown {
  try {
    return toJson(compile(source, { declarations }).evaluate((name) => fromJson(values[name])).value);
  } catch (error) {
    if (error instanceof EvalError) return failed;
    throw error;
  }
}

/** Texts of plain characters and of pairs, short ones and ones long enough for an index to be kept. */
const texts = array(constantFrom('a', 'b', 'é', '🙂', '𝒳', 'ab'.repeat(70), 'a🙂'.repeat(70)), { maxLength: 6 }).map((pieces) => pieces.join(''));
const positions = nat(500);

/** Where a list of code points holds another first, or last, as slowly and plainly as can be. */
const holdsAt = (all: string[], part: string[], at: number): boolean => at + part.length <= all.length && part.every((point, i) => all[at + i] === point);
const between = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

describe('functions of strings count in code points', () => {
  it('for any text and position', () => {
    assert(property(texts, texts, positions, positions, (text, part, at, to) => {
      const all = Array.from(text);
      const wanted = Array.from(part);
      const values = { text, part, at, to };
      const inside = at <= all.length;
      expect(valueOf('text.size()', values)).toBe(all.length);
      expect(valueOf('text.charAt(at)', values)).toBe(inside ? (all[at] ?? '') : failed);
      expect(valueOf('text.substring(at)', values)).toBe(inside ? all.slice(at).join('') : failed);
      expect(valueOf('text.substring(at, to)', values)).toBe(at <= to && to <= all.length ? all.slice(at, to).join('') : failed);
      expect(valueOf('text.indexOf(part, at)', values)).toBe(inside ? (between(at, all.length).find((i) => holdsAt(all, wanted, i)) ?? -1) : failed);
      expect(valueOf('text.lastIndexOf(part, at)', values)).toBe(inside ? (between(0, at).reverse().find((i) => holdsAt(all, wanted, i)) ?? -1) : failed);
      expect(valueOf('text.reverse()', values)).toBe([...all].reverse().join(''));
    }));
  });

  it.each([
    ['"aXbXc".replace("X", "-")', 'a-b-c'], ['"aXbXc".replace("X", "-", 1)', 'a-bXc'], ['"aXbXc".replace("X", "-", 0)', 'aXbXc'], ['"aXbXc".replace("X", "$&")', 'a$&b$&c'],
    ['"a🙂".replace("", "-")', '-a-🙂-'], ['"ab".replace("", "-", 2)', '-a-b'], ['"ab".replace("x", "-", 5)', 'ab'], ['"a.b".replace(".", "")', 'ab'],
  ])('%s is %j', (source, expected) => {
    expect(valueOf(source, {})).toBe(expected);
  });
});

describe('a rule with a long text', () => {
  // Each step is charged as one, as upstream: going through the text in each would take minutes, longer than a test may.
  it.each([
    ['ab'.repeat(50_000)], ['a🙂'.repeat(50_000)],
  ])('is gone through in the steps it is charged for (%#)', (text) => {
    const program = compile('times.all(i, times.all(j, text.charAt(i * 1000 + j) != ""))', { declarations });
    const times = Array.from({ length: 100 }, (_, i) => i);
    expect(() => program.evaluate((name) => fromJson({ text, times }[name as 'text' | 'times']), 1_000_000)).not.toThrow(CostExceeded);
  });
});
