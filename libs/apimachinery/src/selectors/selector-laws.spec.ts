import fc from 'fast-check';
import { type LabelRequirement } from './label-requirement';
import { compileLabelSelector, formatRequirement, parseFieldSelector, parseLabelSelector, type FieldSelector, type LabelSelector } from '.';

const key = fc.constantFrom('a', 'b', 'in', 'notin', 'example.com/a', 'constructor', '__proto__x');
const text = fc.constantFrom('', 'x', 'in', 'a-b.c_d', '1', '2', '10');
const integer = fc.integer({ min: 0, max: 12 }).map(String);
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('exists' as const, '!' as const), values: fc.constant([]) }),
  fc.record({ key, operator: fc.constantFrom('=' as const, '==' as const, '!=' as const), values: text.map((value) => [value]) }),
  fc.record({ key, operator: fc.constantFrom('in' as const, 'notin' as const), values: fc.uniqueArray(text, { minLength: 1 }) }),
  fc.record({ key, operator: fc.constantFrom('gt' as const, 'lt' as const), values: integer.map((value) => [value]) }),
).filter((each) => !each.key.startsWith('_'));
const labels = fc.dictionary(key, fc.oneof(text, integer));

/** What the API's documentation says of each operator. */
function holds({ key: name, operator, values }: LabelRequirement, of: Record<string, string>): boolean {
  const value = new Map(Object.entries(of)).get(name);
  if (operator === '!') return value === undefined;
  if (operator === 'exists') return value !== undefined;
  if (operator === 'notin' || operator === '!=') return value === undefined || values.every((each) => each !== value);
  if (value === undefined) return false;
  if (operator === 'gt' || operator === 'lt') return /^\d+$/.test(value) && (operator === 'gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]));
  return values.some((each) => each === value);
}

const isBadRequest = (act: () => unknown): void => {
  try {
    act();
  } catch (error) {
    expect((error as { code?: number }).code).toBe(400);
  }
};

describe('a label selector', () => {
  it('says the same after it was printed and read, and matches what its conditions say', () => {
    fc.assert(fc.property(fc.array(requirement, { maxLength: 4 }), labels, (requirements, of) => {
      const selector = parseLabelSelector(requirements.map(formatRequirement).join(','));
      const again = parseLabelSelector(selector.toString());
      expect(again.requirements).toEqual(selector.requirements);
      expect(selector.requirements).toHaveLength(requirements.length);
      expect(selector.matches(of)).toBe(requirements.every((each) => holds(each, of)));
    }), { numRuns: 1000 });
  });

  it('as an object means what its text means', () => {
    const names = new Map([['in', 'In'], ['notin', 'NotIn'], ['exists', 'Exists'], ['!', 'DoesNotExist']]);
    const expression = requirement.filter(({ operator }) => names.has(operator));
    fc.assert(fc.property(fc.array(expression, { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'b'), text), labels, (expressions, matchLabels, of) => {
      const object: LabelSelector = { matchLabels, matchExpressions: expressions.map(({ key: name, operator, values }) => ({ key: name, operator: names.get(operator) ?? '', values: [...values] })) };
      const selector = compileLabelSelector(object);
      expect(selector.matches(of)).toBe(expressions.every((each) => holds(each, of)) && Object.entries(matchLabels).every(([name, value]) => new Map(Object.entries(of)).get(name) === value));
      expect(parseLabelSelector(selector.toString()).matches(of)).toBe(selector.matches(of));
    }), { numRuns: 500 });
  });

  it('of whatever text is read, or refused by a BadRequest', () => {
    const unit = fc.oneof(fc.constantFrom('a', 'in', 'notin', ' ', ',', '=', '!', '(', ')', '>', '<', '1', '/', '.', '-'), fc.string({ maxLength: 2, unit: 'binary' }));
    fc.assert(fc.property(fc.array(unit, { maxLength: 12 }), (parts) => isBadRequest(() => {
      const selector = parseLabelSelector(parts.join(''));
      expect(parseLabelSelector(selector.toString()).requirements).toEqual(selector.requirements);
    })), { numRuns: 2000 });
  });

  it.each(['\u00a0', '\u2003', '\f', '\v', '\ufeff'])('takes no other white space than upstream: %j', (space) => {
    expect(() => parseLabelSelector(`a${space}=b`)).toThrow(expect.objectContaining({ code: 400 }) as Error);
  });

  it('takes blanks, tabs and line ends between its parts', () => {
    expect(parseLabelSelector(' a\t=\r\nb ').toString()).toBe('a=b');
  });
});

describe('a field selector', () => {
  const field = fc.constantFrom('metadata.name', 'status.phase', 'spec.nodeName');
  const value = fc.string({ unit: fc.constantFrom('a', 'b', ',', '=', '\\', '!', ' ', '\u00e9'), maxLength: 5 });
  const terms = fc.array(fc.record({ field, operator: fc.constantFrom('=', '==', '!='), value }), { maxLength: 4 });
  // The order is that of the texts, where = and == differ.
  const inOrder = ({ requirements }: FieldSelector): string[] => requirements.map((each) => JSON.stringify(each)).sort();
  const printed = (each: { field: string; operator: string; value: string }): string => `${each.field}${each.operator}${each.value.replace(/[\\,=]/g, '\\$&')}`;

  it('says the same after it was printed and read, and matches what its conditions say', () => {
    fc.assert(fc.property(terms, fc.dictionary(field, value), (all, of) => {
      const selector = parseFieldSelector(all.map(printed).join(','));
      expect(inOrder(parseFieldSelector(selector.toString()))).toEqual(inOrder(selector));
      const get = (name: string): string => of[name] ?? '';
      expect(selector.matches(get)).toBe(all.every((each) => (each.operator === '!=' ? get(each.field) !== each.value : get(each.field) === each.value)));
    }), { numRuns: 1000 });
  });

  it('of whatever text is read, or refused by a BadRequest', () => {
    const unit = fc.oneof(fc.constantFrom('a', ',', '=', '!', '\\', '.'), fc.string({ maxLength: 2, unit: 'binary' }));
    fc.assert(fc.property(fc.array(unit, { maxLength: 10 }), (parts) => isBadRequest(() => {
      const selector = parseFieldSelector(parts.join(''));
      expect(inOrder(parseFieldSelector(selector.toString()))).toEqual(inOrder(selector));
    })), { numRuns: 2000 });
  });
});
