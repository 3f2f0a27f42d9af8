import { semanticEqual } from './semantic-equal';

describe('two values of the API say the same', () => {
  it.each<[a: unknown, b: unknown, same: boolean]>([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: [], b: {}, c: { d: [] } }, {}, true],
    [undefined, [], true],
    [{ a: null }, { b: undefined }, true],
    [[1, 2], [2, 1], false],
    [[{}], [], false],
    [{ a: '' }, {}, false],
    [{ a: 0 }, {}, false],
    [{}, { constructor: 'x' }, false],
    [{ constructor: 'x' }, {}, false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(semanticEqual(a, b)).toBe(same);
    expect(semanticEqual(b, a)).toBe(same);
  });
});
