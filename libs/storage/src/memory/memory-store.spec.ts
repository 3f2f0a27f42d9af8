import { FakeClock } from '@navarch/clock';
import { put, record, succeeded, write } from '../spec/store-builders';
import { storeContract } from '../spec/store-contract';
import { MemoryStore } from './memory-store';

describe('MemoryStore', () => {
  storeContract(() => Promise.resolve(new MemoryStore()));

  it('deletes all keys of an expired lease in one revision, positions from zero', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    const lease = await store.leaseFor(10);
    const keys = ['/registry/core/events/a', '/registry/core/events/b'];
    const created = await Promise.all(keys.map((key) => store.commit(write(put(key, 0, {}, lease)))));
    const last = Math.max(...created.map((outcome) => succeeded(outcome).modRevision));
    const recording = record(store, last + 1);
    await clock.advance(70_000);
    await recording.until(last + 1);
    expect(recording.events).toEqual(keys.map((key, position) => ({ kind: 'delete', key, resourceVersion: (last + 1) * 1024 + position })));
    await store.close();
  });
});
