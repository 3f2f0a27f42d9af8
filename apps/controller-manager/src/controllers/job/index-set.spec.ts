import fc from 'fast-check';
import { IndexSet } from './index-set';

describe('sets of indexes', () => {
  it.each([
    { text: '', size: 0, written: '' },
    { text: '1,3-5,7', size: 5, written: '1,3-5,7' },
    { text: '1,2,3', size: 3, written: '1-3' },
    { text: '8-12', size: 2, written: '8,9' },
    { text: '0,1-foo,bar,3', size: 2, written: '0,3' },
  ])('read $text', ({ text, size, written }) => {
    const set = IndexSet.parse(text, 10);
    expect([set.size, set.toString()]).toEqual([size, written]);
  });

  it('come back as they were written', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(200)), (indexes) => {
      const set = new IndexSet(indexes);
      const back = IndexSet.parse(set.toString(), 201);
      expect(back.size).toBe(indexes.length);
      expect(indexes.every((index) => back.has(index))).toBe(true);
    }));
  });
});
