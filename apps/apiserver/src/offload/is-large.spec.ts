import { isLarge } from './is-large';

const item = (i: number): object => ({ name: `item-${i}`, value: 'some text', count: i });

describe('what is large', () => {
  it('has thousands of members, wherever they are', () => {
    expect(isLarge({ spec: { items: Array.from({ length: 10 }, (_, i) => item(i)) } })).toBe(false);
    expect(isLarge({ spec: { items: Array.from({ length: 3000 }, (_, i) => item(i)) } })).toBe(true);
    expect(isLarge(Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`k${i}`, '']))) ).toBe(true);
    expect(isLarge({ a: Array.from({ length: 1000 }, (_, i) => item(i)) }, { a: Array.from({ length: 1000 }, (_, i) => item(i)) })).toBe(true);
  });

  it('is not one long text, as of a Secret, but many of them', () => {
    expect(isLarge({ data: { a: 'x'.repeat(1_000_000) } })).toBe(false);
    expect(isLarge({ data: { a: 'x'.repeat(3_000_000) } })).toBe(true);
  });

  it('is nothing that is nothing', () => {
    expect(isLarge(undefined, null, 1, '', {}, [])).toBe(false);
  });
});
