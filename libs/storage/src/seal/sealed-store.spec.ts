import { FakeClock } from '@navarch/clock';
import { StoreWatchCache } from '../cache/store-watch-cache';
import { MemoryStore } from '../memory/memory-store';
import { configMaps, put, record, recordingLog, remove, succeeded, write } from '../spec/store-builders';
import { StoreError } from '../store-error';
import { type Store } from '../types';
import { aesgcm } from './local-ciphers';
import { SealedStore } from './sealed-store';
import { identity, type Transformer } from './transformer';

const prefix = configMaps.prefix;
const [a, b] = [`${prefix}d/a`, `${prefix}d/b`];
const old = aesgcm('old', Buffer.alloc(32, 1));
const fresh = aesgcm('fresh', Buffer.alloc(32, 2));

/** A transformer whose answers come later, or not, as a KMS's do. */
function remote(inner: Transformer): Transformer & { fails: boolean; opened: number } {
  const transformer = {
    ...inner, fails: false, opened: 0,
    seal: async (key: string, plain: Buffer) => {
      if (transformer.fails) throw new StoreError('unavailable', 'the KMS does not answer');
      return inner.seal(key, plain);
    },
    open: async (key: string, sealed: Buffer) => {
      await new Promise((resolve) => setImmediate(resolve));
      transformer.opened++;
      if (transformer.fails) throw new StoreError('unavailable', 'the KMS does not answer');
      return inner.open(key, sealed);
    },
  };
  return transformer;
}

describe('SealedStore', () => {
  let memory: MemoryStore;
  const clock = new FakeClock();
  const log = recordingLog();
  const sealed = (...transformers: Transformer[]): Store => new SealedStore({ store: memory, clock, log, transformersOf: (key) => (key.startsWith(prefix) ? transformers : undefined) });

  beforeEach(() => (memory = new MemoryStore(clock)));
  afterEach(() => memory.close());

  it('seals what is put and opens what is read, of its keys only', async () => {
    const store = sealed(fresh);
    succeeded(await store.commit(write(put(a, 0, { password: 'hunter2' }), put('/registry/core/pods/d/p', 0, { password: 'hunter2' }))));
    const raw = await memory.get(a);
    expect(raw).toMatchObject({ sealedBy: 'aesgcm:v1:fresh', unreadable: 'no matching prefix found' });
    expect(raw?.json.includes('hunter2')).toBe(false);
    expect((await memory.get('/registry/core/pods/d/p'))?.json.includes('hunter2')).toBe(true);
    const read = await store.get(a);
    expect(read?.json.includes('hunter2')).toBe(true);
    expect(read).not.toHaveProperty('unreadable');
    expect((await store.range(prefix)).values).toEqual([read]);
    expect(await store.commit(write(put(a, 0)))).toEqual({ ok: false, current: [read] });
  });

  it('watches in the order of the store, also when values are opened later than those after them', async () => {
    const slow = remote(fresh);
    const store = new SealedStore({ store: memory, clock, log, transformersOf: (key) => (key === a ? [slow] : undefined) });
    const recording = record(store, 2);
    const first = succeeded(await store.commit(write(put(a, 0, { n: 1 }))));
    await store.commit(write(put(b, 0, { n: 2 })));
    const last = succeeded(await store.commit(write(remove(a, first.modRevision))));
    await recording.until(last.modRevision);
    expect(recording.revisions).toEqual([first.modRevision, first.modRevision + 1, last.modRevision]);
    expect(recording.events.map((event) => [event.kind, event.key])).toEqual([['put', a], ['put', b], ['delete', a]]);
    expect(recording.events[0]).toMatchObject({ sealedBy: 'aesgcm:v1:fresh' });
    recording.watch.close();
  });

  it('lets a watch wait for a transformer that does not answer, and a write be refused', async () => {
    const flaky = remote(fresh);
    const store = sealed(flaky);
    const recording = record(store, 2);
    const { modRevision } = succeeded(await sealed(fresh).commit(write(put(a, 0))));
    flaky.fails = true;
    await expect(store.commit(write(put(b, 0)))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.range(prefix)).rejects.toMatchObject({ code: 'unavailable' });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(recording.revisions).toEqual([]);
    flaky.fails = false;
    await clock.advance(100);
    await recording.until(modRevision);
    expect(recording.events).toMatchObject([{ key: a, sealedBy: 'aesgcm:v1:fresh' }]);
    recording.watch.close();
  });

  it('opens with every key, seals with the first, and knows what is stale', async () => {
    await sealed(old).commit(write(put(a, 0)));
    await sealed(identity).commit(write(put(b, 0)));
    const store = sealed(fresh, old, identity);
    const [first, second] = (await store.range(prefix)).values;
    expect([first?.sealedBy, second?.sealedBy]).toEqual(['aesgcm:v1:old', undefined]);
    expect(first && second && [store.isStale(first), store.isStale(second)]).toEqual([true, true]);
    expect(sealed(identity, old).isStale({ key: b })).toBe(false);
    expect(store.isStale({ key: '/registry/core/pods/d/p' })).toBe(false);
    const written = succeeded(await store.commit(write(put(a, first?.modRevision ?? 0))));
    expect(await store.get(a)).toMatchObject({ modRevision: written.modRevision, sealedBy: 'aesgcm:v1:fresh' });
    expect(store.isStale({ key: a, sealedBy: 'aesgcm:v1:fresh' })).toBe(false);
  });

  it('tries all keys of one name', async () => {
    await sealed(aesgcm('key', Buffer.alloc(32, 1))).commit(write(put(a, 0)));
    const [right, wrong] = [aesgcm('key', Buffer.alloc(32, 1)), aesgcm('key', Buffer.alloc(32, 2))];
    expect(await sealed(wrong, right).get(a)).not.toHaveProperty('unreadable');
    expect(await sealed(wrong).get(a)).toMatchObject({ unreadable: 'message authentication failed' });
  });

  it.each([['no key of its name', [fresh]], ['a value in the clear, where that is not allowed', [fresh, old]]])('hands on as unreadable: %s', async (reason, transformers) => {
    await sealed(reason.includes('clear') ? identity : old).commit(write(put(a, 0)));
    expect(await sealed(...transformers).get(a)).toMatchObject({ key: a, unreadable: 'no matching prefix found' });
  });

  it('leaves the watch cache alive: it does without the value, remembers that, and takes it back', async () => {
    const { modRevision } = succeeded(await sealed(old).commit(write(put(a, 0), put(b, 0))));
    const store = sealed(fresh);
    const cache = new StoreWatchCache({}, {
      store, clock, log,
      onFatal: (error) => {
        throw error;
      },
    });
    const objects = cache.register(configMaps);
    await cache.start();
    expect(objects.list()).toEqual([]);
    expect([objects.hasUnreadable(prefix), objects.hasUnreadable(a), objects.hasUnreadable(`${prefix}e/`)]).toEqual([true, true, false]);
    const value = await store.get(a);
    expect(() => value && objects.objectFrom(value)).toThrow(`unable to transform key "${a}": no matching prefix found`);
    await cache.waitFor(succeeded(await store.commit(write(put(a, modRevision)))).resourceVersions[0] ?? 0);
    expect(objects.get(a)?.sealedBy).toBe('aesgcm:v1:fresh');
    expect([objects.hasUnreadable(a), objects.hasUnreadable(b)]).toEqual([false, true]);
    await cache.waitFor(succeeded(await store.commit(write(remove(b, modRevision)))).resourceVersions[0] ?? 0);
    expect(objects.hasUnreadable(prefix)).toBe(false);
    await cache.stop();
  });
});
