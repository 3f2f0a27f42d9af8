import { SharedReads } from './shared-reads';

describe('reads that are shared', () => {
  const reads = new SharedReads<string>();
  const asked: { readonly name: string; readonly answer: (text: string) => void; readonly fail: (error: Error) => void }[] = [];
  const read = (key: string, name: string): Promise<string> => reads.read(key, () => new Promise((answer, fail) => asked.push({ name, answer, fail })));

  it('go out one at a time for each thing, and every answer is as new as its question', async () => {
    const all = [read('a', 'first'), read('a', 'second'), read('b', 'other'), read('a', 'third')];
    expect(asked.map(({ name }) => name)).toEqual(['first', 'other']);
    asked[0]?.answer('old');
    asked[1]?.answer('else');
    await expect(all[0]).resolves.toBe('old');
    expect(asked.map(({ name }) => name)).toEqual(['first', 'other', 'second']);
    all.push(read('a', 'fourth'));
    asked[2]?.fail(new Error('gone'));
    await expect(all[1]).rejects.toThrow('gone');
    await expect(all[3]).rejects.toThrow('gone');
    // What failed for some is asked anew for who came later.
    asked[3]?.answer('new');
    await expect(all[4]).resolves.toBe('new');
    expect(asked.map(({ name }) => name)).toEqual(['first', 'other', 'second', 'fourth']);
    const late = read('a', 'fifth');
    asked[4]?.answer('newest');
    await expect(late).resolves.toBe('newest');
  });
});
