import { DeferredDataPlane } from './deferred-data-plane';

describe('a data plane that needs to know the cluster', () => {
  const request = { sequence: 1n, reset: true, upsert: [], remove: [] };

  it('is made when it is known, once', async () => {
    let known = false;
    const made: string[] = [];
    const plane = new DeferredDataPlane('kernel', () => {
      if (!known) throw new Error('not known yet');
      made.push('made');
      return { name: 'kernel', sync: () => Promise.resolve(void made.push('synced')), isThere: () => Promise.resolve(false) };
    });
    await expect(plane.sync(request)).rejects.toThrow('not known yet');
    expect(await plane.isThere()).toBe(true);
    known = true;
    await plane.sync(request);
    await plane.sync(request);
    expect([made, await plane.isThere()]).toEqual([['made', 'synced', 'synced'], false]);
  });
});
