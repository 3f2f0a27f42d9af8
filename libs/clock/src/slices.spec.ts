import { slices } from './slices';

describe('slices', () => {
  it('visits every item in order with its index', async () => {
    const seen: [string, number][] = [];
    await slices(['a', 'b', 'c'], (item, index) => seen.push([item, index]));
    expect(seen).toEqual([['a', 0], ['b', 1], ['c', 2]]);
  });

  it('lets other work of the loop run in between', async () => {
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await slices(Array.from({ length: 64 }), () => undefined, { budgetMs: 0 });
    running = false;
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('stops between slices when its signal aborts', async () => {
    const abort = new AbortController();
    let visited = 0;
    const loop = slices(Array.from({ length: 1000 }), () => {
      if (++visited === 100) abort.abort(new Error('enough'));
    }, { signal: abort.signal, budgetMs: 0 });
    await expect(loop).rejects.toThrow('enough');
    expect(visited).toBeLessThan(130);
  });
});
