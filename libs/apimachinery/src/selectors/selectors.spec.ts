import fc from 'fast-check';
import { FieldPath } from '../validation';
import { compileLabelSelector, formatLabelSelector, matchesLabelSelector, parseFieldSelector, parseLabelSelector, Selector, validateLabelSelector } from '.';

describe('label selector texts', () => {
  it.each([
    ['', {}, true], ['a', { a: '' }, true], ['a', {}, false], ['!a', {}, true], ['a=', { a: '' }, true], ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false], ['a!=b', {}, true], ['a!=b', { a: 'b' }, false], ['a in (b, c)', { a: 'c' }, true], ['a in ()', { a: '' }, true],
    ['a in (,b)', { a: '' }, true], ['a notin (b,c)', { a: 'd' }, true], ['a notin (b)', {}, true], ['a>5', { a: '6' }, true], ['a>5', { a: 'x' }, false],
    ['a<5', { a: '4' }, true], ['in in (in,notin)', { in: 'notin' }, true], [' x = y , !z ', { x: 'y' }, true], ['constructor', {}, false], ['toString=a', {}, false],
  ])('%s on %o gives %s', (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels as Record<string, string>)).toBe(expected);
  });

  it.each([
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a,', "found '', expected: identifier after ','"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a constructor (b)', "unable to parse requirement: found 'constructor', expected: in, notin, =, ==, !=, gt, lt"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    [
      'a_',
      `unable to parse requirement: <nil>: Invalid value: "a_": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
    [
      'a=b_',
      `unable to parse requirement: values[0][a]: Invalid value: "b_": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
    ['a>b', `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`],
  ])('%s is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(new Error(message));
  });

  it('print sorted and read back to the same selector', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9]{0,5}[a-z0-9])?$/);
    const requirement = fc.oneof(
      name, name.map((key) => `!${key}`), fc.tuple(name, fc.constantFrom('=', '==', '!='), name).map((parts) => parts.join('')),
      fc.tuple(name, fc.constantFrom('in', 'notin'), fc.uniqueArray(name, { minLength: 1 })).map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
    );
    fc.assert(fc.property(fc.array(requirement), (requirements) => {
      const selector = parseLabelSelector(requirements.join(','));
      expect(parseLabelSelector(selector.toString()).toString()).toBe(selector.toString());
    }));
  });

  it('never fail in any other way than by a BadRequest', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'in', ' ', ',', '=', '!', '(', ')', '>', '<', '_') }), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        expect((error as { code: number }).code).toBe(400);
      }
    }));
  });
});

describe('LabelSelector objects', () => {
  it('select nothing when missing and everything when empty', () => {
    expect(matchesLabelSelector(undefined, { a: 'b' })).toBe(false);
    expect(matchesLabelSelector({}, { a: 'b' })).toBe(true);
    expect(compileLabelSelector(null)).toBe(Selector.nothing);
  });

  it('need all their labels and expressions', () => {
    const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['db'] }, { key: 'x', operator: 'DoesNotExist' }] };
    expect(matchesLabelSelector(selector, { app: 'web' })).toBe(true);
    expect(matchesLabelSelector(selector, { app: 'web', tier: 'db' })).toBe(false);
    expect(matchesLabelSelector(selector, undefined)).toBe(false);
    expect(formatLabelSelector(selector)).toBe('app=web,tier notin (db),!x');
  });

  it('report every broken rule by its path', () => {
    const path = FieldPath.of('spec', 'selector');
    expect(validateLabelSelector({ matchLabels: { a: '_' }, matchExpressions: [{ key: 'k', operator: 'In' }, { key: 'k', operator: 'Exists', values: ['v'] }, { key: 'k', operator: 'is' }] }, path)
      .map((error) => error.message.slice(0, 90))).toEqual([
      'spec.selector.matchLabels: Invalid value: "_": a valid label must be an empty string or co',
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator",
      "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` ",
      'spec.selector.matchExpressions[2].operator: Invalid value: "is": not a valid selector oper',
    ]);
  });
});

describe('field selectors', () => {
  it('read equalities and inequalities with escapes', () => {
    const selector = parseFieldSelector('spec.nodeName=node-1,status.phase!=Failed,metadata.name==a\\,b\\=c');
    expect(selector.requiresExactMatch('metadata.name')).toBe('a,b=c');
    const values: Record<string, string> = { 'spec.nodeName': 'node-1', 'status.phase': 'Running', 'metadata.name': 'a,b=c' };
    expect(selector.matches((field) => values[field] ?? '')).toBe(true);
    expect(parseFieldSelector(selector.toString()).toString()).toBe(selector.toString());
    expect(parseFieldSelector('').empty).toBe(true);
  });

  it.each([['a', "invalid selector: 'a'; can't understand 'a'"], ['a=b=c', 'unescaped character'], ['a=\\b', 'invalid escape sequence: \\b']])('refuse %s', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message);
  });
});
