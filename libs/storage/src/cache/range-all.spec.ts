import { FakeClock } from '@navarch/clock';
import { MemoryStore } from '../memory/memory-store';
import { configMaps, podPrefix, pods, put, recordingLog, succeeded, write } from '../spec/store-builders';
import { type RangeOptions, type RangePage } from '../types';
import { rangeAll } from './range-all';
import { StoreWatchCache } from './store-watch-cache';

const count = 1_201;
const keys = Array.from({ length: count }, (_, n) => `${podPrefix}default/p${String(n).padStart(4, '0')}`);

/** A store whose pages give others time: `between` runs after each. */
class InterruptedStore extends MemoryStore {
  asked: RangeOptions[] = [];
  between: (page: number) => Promise<void> = () => Promise.resolve();

  override async range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    this.asked.push(options);
    const page = await super.range(prefix, options);
    await this.between(this.asked.length);
    return page;
  }
}

describe('a cold start', () => {
  const clock = new FakeClock();
  let store: InterruptedStore;

  beforeEach(async () => {
    store = new InterruptedStore(clock);
    await Promise.all(keys.map((key) => store.commit(write(put(key, 0)))));
  });
  afterEach(() => store.close());

  it('reads all pages at the revision of the first, whatever is written between', async () => {
    store.between = async (page) => void succeeded(await store.commit(write(put(`${podPrefix}zoo/${page}`, 0))));
    const seen: string[] = [];
    const revision = await rangeAll(store, podPrefix, (values) => seen.push(...values.map(({ key }) => key)));
    expect(seen).toEqual(keys);
    expect(store.asked.map((options) => options.revision)).toEqual([undefined, revision, revision]);
  });

  it('says so when its revision is compacted between two pages', async () => {
    store.between = async (page) => {
      if (page === 1) await store.compact(succeeded(await store.commit(write(put(`${podPrefix}zoo/late`, 0)))).modRevision);
    };
    await expect(rangeAll(store, podPrefix, () => undefined)).rejects.toMatchObject({ code: 'compacted' });
  });

  it('begins again then, and ends with all there is', async () => {
    let compactions = 0;
    store.between = async (page) => {
      if (page > 1 || compactions++ > 0) return;
      await store.compact(succeeded(await store.commit(write(put(`${podPrefix}zoo/late`, 0)))).modRevision);
    };
    const cache = new StoreWatchCache({}, { store, clock, log: recordingLog(), onFatal: (error) => { throw error; } });
    const podCache = cache.register(pods);
    cache.register(configMaps);
    const started = cache.start();
    while (!podCache.isReady) await clock.advance(1_000);
    await started;
    expect(compactions).toBe(1);
    expect(podCache.list().map(({ key }) => key)).toEqual([...keys, `${podPrefix}zoo/late`]);
    await cache.stop();
  });
});
