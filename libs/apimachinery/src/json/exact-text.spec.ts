import { exactJsonText, parseJson } from './exact-text';

it.each(['{"a":9223372036854775807}', '[-9007199254740993,1]', '{"a":[12345678901234567,"12345678901234567"],"b":{"c":18446744073709551615}}', '{"b":1,"a":1.5}', '"12345678901234567"'])('keeps whole numbers: %s', (text) => {
  expect(exactJsonText(parseJson(text))).toBe(text);
});

it('reads large numbers after space too', () => {
  expect(parseJson('{ "a" : 9223372036854775807 }')).toEqual({ a: 9223372036854775807n });
});

it('hides no other fault', () => {
  const circle: Record<string, unknown> = {};
  circle['a'] = { get b(): unknown { throw new RangeError('no'); } };
  expect(() => exactJsonText(circle)).toThrow('no');
  expect(() => parseJson('{')).toThrow(SyntaxError);
});
