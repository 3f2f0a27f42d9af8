import { slowStart } from './slow-start';

describe('slow start', () => {
  it('doubles its batches while they succeed', async () => {
    const batches: number[] = [];
    let pending = 0;
    const { succeeded, skipped } = await slowStart(10, async () => {
      pending++;
      await new Promise((resolve) => setImmediate(resolve));
      if (pending > 0) batches.push(pending);
      pending = 0;
    });
    expect(batches).toEqual([1, 2, 4, 3]);
    expect([succeeded, skipped]).toEqual([10, 0]);
  });

  it('stops after the batch in which one fails', async () => {
    const tried: number[] = [];
    const { succeeded, skipped, error } = await slowStart(100, (index) => {
      tried.push(index);
      return index === 2 ? Promise.reject(new Error('quota')) : Promise.resolve();
    });
    expect(tried).toHaveLength(3);
    expect([succeeded, skipped]).toEqual([2, 97]);
    expect(error).toEqual(new Error('quota'));
  });
});
