import { FakeClock } from '@navarch/clock';
import { Compactor } from './compactor';
import { MemoryStore } from './memory/memory-store';
import { put, recordingLog, silentLog, succeeded, write } from './spec/store-builders';

const fiveMinutes = 5 * 60 * 1000;

/** Passes time, and lets the rounds due then come to their end. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await clock.advance(ms);
  for (let turn = 0; turn < 5; turn++) await clock.settle();
}

describe('Compactor', () => {
  it('drops what was there five minutes ago, done by one of several apiservers', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    const logs = [recordingLog(), recordingLog(), recordingLog()];
    const compactors = logs.map((log) => new Compactor({}, { store, clock, log }));
    const old = succeeded(await store.commit(write(put('/registry/core/things/a', 0))));
    await Promise.all(compactors.map((compactor) => compactor.start()));
    await pass(clock, 0);
    const { revision: atStart } = await store.currentRevision();
    await pass(clock, fiveMinutes - 1);
    const young = succeeded(await store.commit(write(put('/registry/core/things/b', 0))));
    await pass(clock, 1);
    await expect(store.range('/registry/', { revision: old.modRevision - 1 })).rejects.toMatchObject({ code: 'compacted' });
    await expect(store.range('/registry/', { revision: atStart })).resolves.toBeDefined();
    await pass(clock, fiveMinutes);
    await expect(store.range('/registry/', { revision: atStart })).rejects.toMatchObject({ code: 'compacted' });
    await expect(store.range('/registry/', { revision: young.modRevision - 1 })).rejects.toMatchObject({ code: 'compacted' });
    await Promise.all(compactors.map((compactor) => compactor.stop()));
    expect(logs.flatMap(({ lines }) => lines).filter((line) => line.startsWith('compacted'))).toHaveLength(2);
    expect(logs.flatMap(({ lines }) => lines).filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('goes on after a failed round', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    let failures = 1;
    const flaky = {
      get: store.get.bind(store), commit: store.commit.bind(store), compact: store.compact.bind(store),
      currentRevision: () => (failures-- > 0 ? Promise.reject(new Error('no quorum')) : store.currentRevision()),
    };
    const compactor = new Compactor({}, { store: flaky, clock, log: silentLog });
    await compactor.start();
    const { modRevision } = succeeded(await store.commit(write(put('/registry/core/things/a', 0))));
    await pass(clock, fiveMinutes);
    await pass(clock, fiveMinutes);
    await expect(store.range('/', { revision: modRevision - 1 })).rejects.toMatchObject({ code: 'compacted' });
    await compactor.stop();
  });
});
