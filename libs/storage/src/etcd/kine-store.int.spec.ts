import { KineDouble } from '@navarch/testing';
import { put, record, recordingLog, remove, silentLog, succeeded, write } from '../spec/store-builders';
import { storeContract } from '../spec/store-contract';
import { EtcdStore } from './etcd-store';

/** kine itself cannot be had everywhere: the double holds to its documented limits. */
describe('EtcdStore with single transactions on a store that knows only those of one key', () => {
  let kine: KineDouble;
  beforeAll(async () => {
    kine = await new KineDouble().start();
  });
  afterAll(() => kine.stop());

  const open = (log = silentLog): EtcdStore => new EtcdStore({ endpoints: [kine.endpoint], transactions: 'single' }, { log });

  storeContract(() => Promise.resolve(open()), { oneKeyTransactions: true, unknownLeases: 'taken' });

  describe('besides', () => {
    let store: EtcdStore;
    afterEach(() => store.close());

    it('cannot be used in groups: the double refuses what kine refuses', async () => {
      store = new EtcdStore({ endpoints: [kine.endpoint], transactions: 'grouped' }, { log: silentLog });
      await expect(store.commit(write(put('/registry/core/things/grouped', 0)))).rejects.toMatchObject({ code: 'invalid' });
    });

    it('takes the delete of a key that never was for lost, though kine says it is done', async () => {
      store = open();
      expect(await store.commit(write(remove('/registry/core/things/never', 3)))).toEqual({ ok: false, current: [undefined] });
    });

    it('claims what belongs to an object before the object, and takes the claims back when the object is refused', async () => {
      store = open();
      const key = (name: string): string => `/registry/core/claims/${name}`;
      const owner = succeeded(await store.commit(write(put(key('owner'), 0), put(key('address'), 0))));
      const before = (await store.currentRevision()).revision;
      const recording = record(store, before + 1);
      const refused = await store.commit(write(put(key('owner'), owner.modRevision + 100), put(key('port'), 0), remove(key('address'), 1)));
      expect(refused).toMatchObject({ ok: false, current: [{ key: key('owner') }, undefined, { key: key('address') }] });
      await recording.until(before + 2);
      expect(recording.events.map(({ kind, key: name }) => `${kind} ${name}`)).toEqual([`put ${key('port')}`, `delete ${key('port')}`]);
      recording.watch.close();
    });

    it('refuses to change two objects that are there in one write: that could not be taken back', async () => {
      store = open();
      const [a, b] = await Promise.all(['x', 'y'].map(async (name) => succeeded(await store.commit(write(put(`/registry/core/two/${name}`, 0))))));
      await expect(store.commit(write(put('/registry/core/two/x', a?.modRevision ?? 0), put('/registry/core/two/y', b?.modRevision ?? 0)))).rejects.toMatchObject({ code: 'invalid' });
    });

    it('learns of revisions that no key shows', async () => {
      const log = recordingLog();
      store = open(log);
      const { revision } = await store.currentRevision();
      const recording = record(store, revision + 1);
      kine.log.gap();
      const current = await store.currentRevision();
      expect(current.revision).toBe(revision + 1);
      await recording.until(current.revision);
      expect(recording.events).toEqual([]);
      expect(log.lines).toEqual([]);
      recording.watch.close();
    });
  });
});
