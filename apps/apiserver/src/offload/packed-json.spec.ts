import { pack, unpack } from './packed-json';

describe('packed JSON', () => {
  it.each([
    ['objects', { a: [1, 'é\u2028', null, true, { b: {} }] }],
    ['whole numbers of any size', { a: 9223372036854775807n, b: 2 ** 53 - 1 }],
    ['names that the language has uses for', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as object],
  ])('keeps %s', (_what, value) => {
    expect(unpack(pack(value))).toEqual(value);
  });

  it('is as long as it must be', () => {
    expect(unpack<string[]>(pack(Array.from({ length: 100_000 }, () => 'x'.repeat(100)))).length).toBe(100_000);
  });
});
