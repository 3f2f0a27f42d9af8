import { eventually, TcpCutter } from '@navarch/testing';
import { isStoreError } from '../store-error';
import { startEtcdCluster, type EtcdCluster } from '../spec/etcd-cluster';
import { put, record, remove, silentLog, stored, succeeded, write } from '../spec/store-builders';
import { type Store } from '../types';
import { EtcdStore } from './etcd-store';

const prefix = '/registry/core/things/';

/** Writes keys one after another until stopped; what each was answered. */
function keepWriting(store: Store, name: string): { stop: () => Promise<Map<string, 'done' | 'unknown' | 'not sent'>> } {
  const answers = new Map<string, 'done' | 'unknown' | 'not sent'>();
  let stopping = false;
  const loops = Array.from({ length: 20 }, async (_, writer) => {
    for (let n = 0; !stopping; n++) {
      const key = `${prefix}${name}-${writer}-${n}`;
      try {
        succeeded(await store.commit(write(put(key, 0))));
        answers.set(key, 'done');
      } catch (error) {
        answers.set(key, isStoreError(error, 'unavailable') ? 'not sent' : 'unknown');
        await new Promise((resolve) => setTimeout(resolve, 20)); // as a client would, before it tries again
      }
    }
  });
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(loops);
      return answers;
    },
  };
}

describe('a lone etcd', () => {
  let etcd: EtcdCluster;
  let cutter: TcpCutter;
  let store: EtcdStore;

  beforeEach(async () => {
    etcd = await startEtcdCluster();
    cutter = await TcpCutter.start(Number(new URL(etcd.endpoints[0] ?? '').port));
    store = new EtcdStore({ endpoints: [`http://127.0.0.1:${cutter.port}`] }, { log: silentLog });
  });
  afterEach(async () => {
    await store.close();
    await cutter.stop();
    await etcd.stop();
  });

  it('that is killed and comes back loses no acknowledged write, doubles none, and the watch sees each once', async () => {
    const recording = record(store, 1);
    const writing = keepWriting(store, 'k');
    for (let round = 0; round < 2; round++) {
      const before = recording.events.length;
      await eventually(() => recording.events.length > before + 200);
      await etcd.members[0]?.kill();
      await etcd.members[0]?.start();
    }
    const before = recording.events.length;
    await eventually(() => recording.events.length > before + 200);
    const answers = await writing.stop();
    const { values, revision } = await store.range(prefix);
    await recording.until(revision);
    const kept = new Set(values.map(({ key }) => key));
    for (const [key, answer] of answers) {
      if (answer === 'done') expect(kept.has(key)).toBe(true);
      if (answer === 'not sent') expect(kept.has(key)).toBe(false);
    }
    expect(recording.events.map(({ key }) => key).sort()).toEqual([...kept].sort());
    expect(recording.events.map(({ resourceVersion }) => resourceVersion).sort((a, b) => a - b)).toEqual(values.map(({ resourceVersion }) => resourceVersion).sort((a, b) => a - b));
  }, 60_000);

  it('behind a link that is cut again and again while a watch catches up shows all events once, in order', async () => {
    const json = stored('x', { padding: 'x'.repeat(2000) });
    const outcomes = await Promise.all(Array.from({ length: 6000 }, (_, n) => store.commit(write({ kind: 'put', key: `${prefix}k${n}`, json, expectedModRevision: 0 }))));
    const last = Math.max(...outcomes.map((outcome) => succeeded(outcome).modRevision));
    let cuts = 0;
    const watching = new EtcdStore({ endpoints: [`http://127.0.0.1:${cutter.port}`] }, { log: silentLog });
    const seen: number[] = [];
    await new Promise<void>((resolve, reject) => {
      watching.watch(1, {
        onOpened: () => {
          if (cuts++ < 4) setTimeout(() => cutter.cutOnce(), 5 * cuts); // while the first events are on their way
        },
        onRevision: (revision, events) => {
          seen.push(...events.map(({ resourceVersion }) => resourceVersion));
          if (revision % 20 === 0 && cuts++ < 8) cutter.cutOnce();
          if (revision >= last) resolve();
        },
        onCompacted: () => reject(new Error('compacted')),
      });
    });
    await watching.close();
    expect(cuts).toBeGreaterThan(4);
    expect(seen).toHaveLength(6000);
    expect(seen).toEqual(outcomes.flatMap((outcome) => succeeded(outcome).resourceVersions).sort((a, b) => a - b));
  }, 60_000);

  it('that is out of space refuses puts, and goes on with reads and deletes', async () => {
    const small = await startEtcdCluster({ flags: ['--quota-backend-bytes=4000000'] });
    const full = new EtcdStore({ endpoints: small.endpoints }, { log: silentLog });
    const json = stored('x', { padding: 'x'.repeat(200_000) });
    const fill = async (): Promise<void> => {
      for (let n = 0; ; n++) succeeded(await full.commit(write({ kind: 'put', key: `${prefix}k${n}`, json, expectedModRevision: 0 })));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'noSpace' });
    const { values } = await full.range(prefix);
    expect(values.length).toBeGreaterThan(5);
    const refused = full.commit(write(put(`${prefix}more`, 0)));
    const deleted = full.commit(write(remove(values[0]!.key, values[0]!.modRevision)));
    await expect(refused).rejects.toMatchObject({ code: 'noSpace' });
    expect(await deleted).toMatchObject({ ok: true });
    await full.close();
    await small.stop();
  }, 30_000);

  it('refuses a value over its limit without failing the writes beside it', async () => {
    const huge = { kind: 'put', key: `${prefix}huge`, json: stored('huge', { padding: 'x'.repeat(9_000_000) }), expectedModRevision: 0 } as const;
    const [refused, done] = await Promise.allSettled([store.commit(write(huge)), store.commit(write(put(`${prefix}a`, 0)))]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'tooLarge' } });
    expect(done).toMatchObject({ status: 'fulfilled', value: { ok: true } });
  });
});

describe('three etcd members', () => {
  let etcd: EtcdCluster;
  let store: EtcdStore;

  beforeEach(async () => {
    etcd = await startEtcdCluster({ size: 3 });
    store = new EtcdStore({ endpoints: etcd.endpoints }, { log: silentLog });
  }, 30_000);
  afterEach(async () => {
    await store.close();
    await etcd.stop();
  });

  it('go on when one is killed, and stop without a quorum until it is back', async () => {
    const recording = record(store, 1);
    const writing = keepWriting(store, 'k');
    await eventually(() => recording.events.length > 100);
    await etcd.members[0]?.kill(); // the one all calls go to
    const afterFirst = recording.events.length;
    await eventually(() => recording.events.length > afterFirst + 200);
    await etcd.members[1]?.kill();
    await expect(store.currentRevision()).rejects.toMatchObject({ name: 'StoreError' });
    await etcd.members[0]?.start();
    const afterSecond = recording.events.length;
    await eventually(() => recording.events.length > afterSecond + 200);
    const answers = await writing.stop();
    const { values, revision } = await eventually(() => store.range(prefix));
    await recording.until(revision);
    const kept = new Set(values.map(({ key }) => key));
    for (const [key, answer] of answers) if (answer === 'done') expect(kept.has(key)).toBe(true);
    expect(recording.events.map(({ key }) => key).sort()).toEqual([...kept].sort());
    expect([...answers.values()].filter((answer) => answer === 'done').length).toBeGreaterThan(500);
  }, 60_000);
});
