import { exactJsonText, parseJson, parseJsonBytes } from './exact-text';
import { indentJson } from './indent-json';

it.each(['{"a":9223372036854775807}', '[-9007199254740993,1]', '{"a":[12345678901234567,"12345678901234567"],"b":{"c":18446744073709551615}}', '{"b":1,"a":1.5}', '"12345678901234567"'])('keeps whole numbers: %s', (text) => {
  expect(exactJsonText(parseJson(text))).toBe(text);
  for (let before = 0; before < 16; before++) expect(exactJsonText(parseJsonBytes(Buffer.from(`${' '.repeat(before)}${text}`)))).toBe(text);
});

it.each([{}, [], [{}], { a: [], b: {}, c: { d: [1, 'x', null, true, { e: -1.5 }] } }, 'a', ['"', '\\', '\\"', ', : {}[]', 'ä\u2028'], { '"': '\n' }])('indents as the language does: %j', (value) => {
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2));
});

it('indents what a double cannot hold', () => {
  expect(indentJson('{"a":9223372036854775807}')).toBe('{\n  "a": 9223372036854775807\n}');
});

it('reads large numbers after space too', () => {
  expect(parseJson('{ "a" : 9223372036854775807 }')).toEqual({ a: 9223372036854775807n });
});

it('leaves out what is undefined, as the language does', () => {
  expect(exactJsonText({ a: undefined, b: 2n ** 60n, c: { d: undefined } })).toBe('{"b":1152921504606846976,"c":{}}');
});

it('hides no other fault', () => {
  const circle: Record<string, unknown> = {};
  circle['a'] = { get b(): unknown { throw new RangeError('no'); } };
  expect(() => exactJsonText(circle)).toThrow('no');
  expect(() => parseJson('{')).toThrow(SyntaxError);
});
