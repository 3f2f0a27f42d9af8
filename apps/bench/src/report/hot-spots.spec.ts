import { hotSpots } from './hot-spots';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

describe('hotSpots', () => {
  it('sums a function over its callers and leaves idle time out', () => {
    const profile = {
      nodes: [
        { id: 1, callFrame: frame('(root)') },
        { id: 2, callFrame: frame('(idle)') },
        { id: 3, callFrame: frame('parse', 'file:///a/b/libs/x/dist/parse.js', 9) },
        { id: 4, callFrame: frame('parse', 'file:///a/b/libs/x/dist/parse.js', 9) },
        { id: 5, callFrame: frame('(garbage collector)') },
      ],
      samples: [2, 3, 4, 5],
      timeDeltas: [1000, 20, 40, 20],
    };
    expect(hotSpots(profile, 5)).toEqual([
      { where: 'parse libs/x/parse.js:10', share: 0.75 },
      { where: '(garbage collector)', share: 0.25 },
    ]);
  });
});
