import { FakeClock } from '@navarch/clock';
import { MemoryStore } from '../memory/memory-store';
import { podPrefix, pods, put, recordingLog, remove, succeeded, write } from '../spec/store-builders';
import { type StoreError } from '../store-error';
import { type WriteOp } from '../types';
import { StoreWatchCache } from './store-watch-cache';

it('who follows a resource lists it again when something goes that nobody could read, as nobody can tell what', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const cache = new StoreWatchCache({}, { store, clock, log: recordingLog(), onFatal: () => undefined });
  const podCache = cache.register(pods);
  const commit = async (...ops: WriteOp[]): Promise<number> => {
    const { resourceVersions: [version = 0] } = succeeded(await store.commit(write(...ops)));
    await cache.waitFor(version);
    return version;
  };
  const [a, b, other] = ['a', 'b', 'c'].map((name) => `${podPrefix}default/${name}`) as [string, string, string];
  const { modRevision } = succeeded(await store.commit(write({ ...put(a, 0), sealedBy: 'lost' }, put(b, 0))));
  await cache.start();
  const start = cache.version;
  const told: string[] = [];
  const follow = (version: number): number => podCache.subscribe(version, { onEvents: (events) => told.push(...events.map(({ type }) => type)), onEnd: (reason) => told.push(reason) }).backlog.length;
  follow(start);
  const gone = await commit(remove(a, modRevision));
  expect(told).toEqual(['rebuilt']);
  expect(() => follow(start)).toThrow(expect.objectContaining({ code: 'expired' } satisfies Partial<StoreError>) as Error);
  await commit(put(other, 0));
  expect([follow(gone), podCache.hasUnreadable(podPrefix)]).toEqual([1, false]);
  await cache.stop();
  await store.close();
});
