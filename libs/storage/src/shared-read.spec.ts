import { deferred, type Deferred } from './deferred';
import { SharedRead } from './shared-read';

describe('SharedRead', () => {
  it('joins the next read to start, never the one in flight', async () => {
    const reads: Deferred<number>[] = [];
    const shared = new SharedRead(() => {
      const read = deferred<number>();
      reads.push(read);
      return read.promise;
    });
    const first = shared.join();
    const second = shared.join();
    const third = shared.join();
    expect(reads).toHaveLength(1);
    reads[0]?.resolve(1);
    expect(await first).toBe(1);
    const fourth = shared.join();
    expect(reads).toHaveLength(2);
    reads[1]?.resolve(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    reads[2]?.resolve(3);
    expect(await fourth).toBe(3);
  });

  it('goes on after a failed read', async () => {
    let count = 0;
    const shared = new SharedRead(() => (count++ === 0 ? Promise.reject(new Error('no quorum')) : Promise.resolve(count)));
    const first = shared.join();
    const second = shared.join();
    await expect(first).rejects.toThrow('no quorum');
    expect(await second).toBe(2);
    expect(await shared.join()).toBe(3);
  });
});
