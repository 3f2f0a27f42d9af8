import { type BoundaryEvent, watchBoundary } from '@navarch/component-base';
import { type EtcdCluster, startEtcdCluster } from '../spec/etcd-cluster';
import { put, record, remove, silentLog, succeeded, write } from '../spec/store-builders';
import { EtcdStore } from './etcd-store';

describe('what crosses to etcd', () => {
  let etcd: EtcdCluster;
  let store: EtcdStore;
  beforeAll(async () => {
    etcd = await startEtcdCluster();
    store = new EtcdStore({ endpoints: etcd.endpoints }, { log: silentLog });
  });
  afterAll(async () => {
    await store.close();
    await etcd.stop();
  });

  it('is told with keys and revisions, and without what objects hold', async () => {
    const told: { readonly direction: string; readonly what: string; readonly message: unknown }[] = [];
    const end = watchBoundary(({ direction, what, message }: BoundaryEvent) => told.push({ direction, what, message: message?.() }));
    const key = '/registry/core/secrets/default/db';
    const { modRevision } = succeeded(await store.commit(write(put(key, 0, { data: { password: 'aHVudGVyMg==' } }))));
    await store.range('/registry/core/secrets/', { limit: 10 });
    expect(await store.commit(write(put(key, 1)))).toMatchObject({ ok: false });
    const recording = record(store, modRevision);
    await recording.until(modRevision);
    const gone = succeeded(await store.commit(write(remove(key, modRevision)))).modRevision;
    await recording.until(gone);
    recording.watch.close();
    end();

    const [kv, watch] = ['/etcdserverpb.KV/', '/etcdserverpb.Watch/Watch'];
    const size = expect.stringMatching(/ \(\d+ bytes\)$/) as string;
    const written = (revision: number): object => ({ if: [`Mod of ${key} Equal ${revision}`], then: [expect.stringMatching(new RegExp(`^put ${key} \\(\\d+ bytes\\)$`))], else: [`get ${key}`] });
    for (const expected of [
      { direction: 'out', what: `${kv}Txn`, message: { then: [written(0)], else: [size] } },
      { direction: 'in', what: `${kv}Txn`, message: { revision: modRevision, succeeded: true, answers: [{ succeeded: true, answers: ['put'] }] } },
      { direction: 'out', what: `${kv}Range`, message: { get: '/registry/core/secrets/…', limit: 10 } },
      { direction: 'in', what: `${kv}Range`, message: { revision: modRevision, kvs: [expect.stringMatching(new RegExp(`^${key} @${modRevision} \\(\\d+ bytes\\)$`))], count: 1 } },
      { direction: 'in', what: `${kv}Txn`, message: { revision: modRevision, succeeded: true, answers: [{ succeeded: false, answers: [{ kvs: [size], count: 1 }] }] } },
      { direction: 'out', what: watch, message: { watch: expect.stringContaining('…') as string, from: modRevision } },
      { direction: 'in', what: watch, message: { revision: modRevision, created: true } },
      { direction: 'in', what: watch, message: { revision: gone, events: [`Delete ${key} @${gone} (0 bytes)`] } },
      { direction: 'in', what: `${kv}Txn`, message: { revision: gone, succeeded: true, answers: [{ succeeded: true, answers: ['deleted 1'] }] } },
    ]) expect(told).toContainEqual(expected);
    expect(JSON.stringify(told)).not.toMatch(/aHVudGVyMg|password/);
  });
});
