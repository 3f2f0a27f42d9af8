import { revisionOf } from '../resource-version';
import { isStoreError } from '../store-error';
import { type Store, type StoreEvent } from '../types';
import { put, record, remove, succeeded, write } from './store-builders';

/** What not every store can do. */
export interface StoreLimits {
  /** The operations of a write have revisions of their own. */
  readonly oneKeyTransactions?: boolean;
  /** What becomes of a put under a lease that nobody granted. */
  readonly unknownLeases?: 'refused' | 'taken';
}

/** What every driver of `Store` does. `open` gives a store whose keys no one else writes. */
export function storeContract(open: () => Promise<Store>, { oneKeyTransactions = false, unknownLeases = 'refused' }: StoreLimits = {}): void {
  let store: Store;
  let serial = 0;
  const key = (name: string): string => `/registry/core/things/t${serial}/${name}`;

  beforeEach(async () => {
    store = await open();
    serial++;
  });
  afterEach(() => store.close());

  it('creates, updates and deletes by the mod_revision of the key', async () => {
    const created = succeeded(await store.commit(write(put(key('a'), 0))));
    expect(await store.get(key('a'))).toMatchObject({ key: key('a'), resourceVersion: created.resourceVersions[0], modRevision: created.modRevision });
    const updated = succeeded(await store.commit(write(put(key('a'), created.modRevision, { n: 2 }))));
    expect(updated.resourceVersions.map(revisionOf)).toEqual([updated.modRevision]);
    expect((await store.get(key('a')))?.json.toString()).toContain('"n":2');
    const deleted = succeeded(await store.commit(write(remove(key('a'), updated.modRevision))));
    expect(deleted.resourceVersions[0]).toBeGreaterThan(updated.resourceVersions[0] ?? Infinity);
    expect(await store.get(key('a'))).toBeUndefined();
  });

  it('answers a loser with the fresh value, without failing its neighbours', async () => {
    const { modRevision } = succeeded(await store.commit(write(put(key('a'), 0, { n: 1 }))));
    const [lost, won, absent] = await Promise.all([
      store.commit(write(put(key('a'), modRevision - 1, { n: 2 }))),
      store.commit(write(put(key('b'), 0))),
      store.commit(write(remove(key('c'), 7))),
    ]);
    expect(lost).toMatchObject({ ok: false, current: [{ key: key('a'), modRevision }] });
    expect(won).toMatchObject({ ok: true });
    expect(absent).toEqual({ ok: false, current: [undefined] });
  });

  it('applies all operations of a write or none', async () => {
    const a = succeeded(await store.commit(write(put(key('a'), 0))));
    const refused = await store.commit(write(put(key('b'), 0), put(key('a'), 0)));
    expect(refused).toMatchObject({ ok: false, current: [undefined, { modRevision: a.modRevision }] });
    const both = succeeded(await store.commit(write(put(key('b'), 0), remove(key('a'), a.modRevision), put(key('c'), 0))));
    expect(new Set(both.resourceVersions.map(revisionOf)).size).toBe(oneKeyTransactions ? 3 : 1);
    expect(Math.max(...both.resourceVersions.map(revisionOf))).toBe(both.modRevision);
    expect(new Set(both.resourceVersions).size).toBe(3);
    expect((await store.range(key(''))).values.map((value) => value.key)).toEqual([key('b'), key('c')]);
  });

  it('refuses a write that names a key twice, is empty, or deletes what must not exist', async () => {
    await expect(store.commit(write(put(key('a'), 0), remove(key('a'), 1)))).rejects.toMatchObject({ code: 'invalid' });
    await expect(store.commit(write())).rejects.toMatchObject({ code: 'invalid' });
    await expect(store.commit(write(remove(key('a'), 0)))).rejects.toMatchObject({ code: 'invalid' });
  });

  it('keeps the order of writes to one key, also across groups', async () => {
    const first = store.commit(write(put(key('a'), 0, { n: 1 })));
    const second = store.commit(write(put(key('a'), 0, { n: 2 }), put(key('b'), 0)));
    const third = store.commit(write(put(key('b'), 0, { n: 3 })));
    expect(await first).toMatchObject({ ok: true });
    expect(await second).toMatchObject({ ok: false, current: [{ modRevision: succeeded(await first).modRevision }, undefined] });
    expect(await third).toMatchObject({ ok: true });
  });

  it('shows the watch, the writer and a Range the same versions', async () => {
    const { revision } = await store.currentRevision();
    const recording = record(store, revision + 1);
    const outcomes = await Promise.all(Array.from({ length: 250 }, (_, n) => store.commit(write(put(key(`k${n}`), 0, { n })))));
    const deletes = await Promise.all(outcomes.filter((_, n) => n % 3 === 0).map((outcome, n) => store.commit(write(remove(key(`k${n * 3}`), succeeded(outcome).modRevision)))));
    const last = Math.max(...deletes.map((outcome) => succeeded(outcome).modRevision));
    await recording.until(last);
    const answered = [...outcomes, ...deletes].flatMap((outcome) => succeeded(outcome).resourceVersions);
    expect(new Set(answered).size).toBe(answered.length);
    const seen = recording.events.filter((event) => event.key.startsWith(key('')));
    expect(seen.map((event) => event.resourceVersion)).toEqual([...answered].sort((a, b) => a - b));
    const live = new Map<string, StoreEvent>();
    for (const event of seen) {
      if (event.kind === 'put') live.set(event.key, event);
      else live.delete(event.key);
    }
    const { values } = await store.range(key(''));
    expect(values.map((value) => [value.key, value.resourceVersion])).toEqual([...live.values()].map((event) => [event.key, event.resourceVersion]).sort());
    recording.watch.close();
  });

  it('pages through a prefix at one revision', async () => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => store.commit(write(put(key(name), 0)))));
    const first = await store.range(key(''), { limit: 2 });
    expect(first).toMatchObject({ more: true, count: 5 });
    await store.commit(write(put(key('cc'), 0)));
    const next = await store.range(key(''), { limit: 2, revision: first.revision, fromKey: `${key('b')}\0` });
    expect(next.values.map((value) => value.key)).toEqual([key('c'), key('d')]);
    expect(next).toMatchObject({ more: true, count: 3, revision: first.revision });
  });

  it('watches from a revision in the past', async () => {
    const { modRevision } = succeeded(await store.commit(write(put(key('a'), 0, { n: 1 }))));
    const last = succeeded(await store.commit(write(put(key('a'), modRevision, { n: 2 }))));
    const recording = record(store, modRevision);
    await recording.until(last.modRevision);
    expect(recording.revisions.slice(0, 2)).toEqual([modRevision, last.modRevision]);
    recording.watch.close();
  });

  it('ends a watch whose start was compacted, and refuses reads below', async () => {
    const first = succeeded(await store.commit(write(put(key('a'), 0))));
    const second = succeeded(await store.commit(write(remove(key('a'), first.modRevision))));
    await store.compact(second.modRevision);
    await expect(store.range(key(''), { revision: first.modRevision })).rejects.toMatchObject({ code: 'compacted' });
    const below = record(store, first.modRevision);
    await below.until(Infinity);
    expect(below.compacted).toHaveLength(1);
    const after = succeeded(await store.commit(write(put(key('a'), 0))));
    const at = record(store, second.modRevision); // the delete at the compacted revision may be lost: must not resume
    await at.until(Infinity);
    expect(at.compacted).toHaveLength(1);
    const above = record(store, second.modRevision + 1);
    await above.until(after.modRevision);
    expect(above.compacted).toEqual([]);
    above.watch.close();
  });

  it('answers a current revision that no write acknowledged before is above', async () => {
    for (let n = 0; n < 5; n++) {
      const { modRevision } = succeeded(await store.commit(write(put(key(`k${n}`), 0))));
      const reads = await Promise.all([store.currentRevision(), store.currentRevision(), store.currentRevision()]);
      for (const { revision } of reads) expect(revision).toBeGreaterThanOrEqual(modRevision);
    }
  });

  it('names its history', async () => {
    const identity = await store.identity();
    expect(identity.epoch).not.toBe('');
    expect(await store.identity()).toEqual(identity);
    expect(await store.currentRevision()).toMatchObject(identity);
  });

  it('shares a lease', async () => {
    const lease = await store.leaseFor(3600);
    expect(await store.leaseFor(3600)).toBe(lease);
    expect(await store.leaseFor(1800)).not.toBe(lease);
    expect(await store.commit(write(put(key('a'), 0, {}, lease)))).toMatchObject({ ok: true });
  });

  if (unknownLeases === 'refused') it('refuses a lease that does not exist without failing others', async () => {
    const lease = await store.leaseFor(3600);
    const [leased, bad, plain] = await Promise.allSettled([
      store.commit(write(put(key('a'), 0, {}, lease))),
      store.commit(write(put(key('b'), 0, {}, '4242'))),
      store.commit(write(put(key('c'), 0))),
    ]);
    expect(leased).toMatchObject({ status: 'fulfilled', value: { ok: true } });
    expect(plain).toMatchObject({ status: 'fulfilled', value: { ok: true } });
    expect(bad.status === 'rejected' && isStoreError(bad.reason, 'leaseNotFound')).toBe(true);
  });

  it('gives up a write that was aborted before it was sent', async () => {
    const abort = new AbortController();
    const aborted = store.commit(write(put(key('a'), 0)), abort.signal);
    abort.abort(new Error('gone'));
    await expect(aborted).rejects.toMatchObject({ code: 'abandoned', cause: { message: 'gone' } });
    expect(await store.get(key('a'))).toBeUndefined();
  });
}
