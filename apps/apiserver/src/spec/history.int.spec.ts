import { eventually, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface List { code?: number; reason?: string; message?: string; metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }; items: { metadata: { name: string } }[] }

const maps = '/api/v1/namespaces/default/configmaps';
const secrets = '/api/v1/namespaces/default/secrets';

/** History that is soon forgotten: by the store, which is compacted all the time, and by watches, which keep little. */
describe('the past', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;

  useTestApi((running) => {
    ({ api, server, etcd } = running);
  }, ['--etcd-compaction-interval=100ms', '--watch-cache-history-bytes=20000']);

  const names = ({ items }: List): string[] => items.map(({ metadata }) => metadata.name);
  const versionOf = async (path: string): Promise<string> => (await api.get<List>(path)).body.metadata.resourceVersion;
  /** Until the store cannot show a version any more. */
  const compacted = (version: string): Promise<List> => eventually(async () => {
    await api.post(secrets, { metadata: { generateName: 'tick-' } });
    const { code, body } = await api.get<List>(`${maps}?resourceVersion=${version}&resourceVersionMatch=Exact`);
    expect(code).toBe(410);
    return body;
  }, { intervalMs: 20 });

  it('that is compacted is gone: 410 to exact lists, and to continued ones a token for what is left', async () => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => api.post(maps, { metadata: { name } })));
    const first = (await api.get<List>(`${maps}?limit=2`)).body;
    expect(first.items).toHaveLength(2);
    await api.delete(`${maps}/d`);
    const gone = await compacted(first.metadata.resourceVersion);
    expect(gone).toMatchObject({ code: 410, reason: 'Expired' });
    const next = await api.get<List>(`${maps}?limit=2&continue=${first.metadata.continue ?? ''}`);
    expect(next).toMatchObject({ code: 410, body: { reason: 'Expired', message: expect.stringContaining('The provided continue parameter is too old to display a consistent list result.') as string } });
    const rest = await api.get<List>(`${maps}?limit=9&continue=${next.body.metadata.continue ?? ''}`);
    expect(rest.code).toBe(200);
    expect(names(rest.body)).toEqual(['c', 'e']);
    expect(Number(rest.body.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  });

  it('that is compacted can still be watched from, as long as this resource has lost nothing', async () => {
    const version = await versionOf(maps);
    await api.post(maps, { metadata: { name: 'kept' } });
    await api.patch(maps + '/kept', 'merge', { data: { a: '1' } });
    await compacted(version);
    const watch = await api.watch(`${maps}?watch=1&resourceVersion=${version}`);
    expect((await watch.take(2)).map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED']);
    watch.stop();
  });

  it('that this resource has lost is told as expired, while others do not mind', async () => {
    const version = await versionOf(maps);
    await api.post(secrets, { metadata: { name: 'quiet' } });
    for (let i = 0; i < 30; i++) await api.patch(`${maps}/kept`, 'merge', { data: { a: 'x'.repeat(2000), i: String(i) } });
    const watch = await api.watch(`${maps}?watch=1&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired', message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/) as string } });
    const other = await api.watch(`${secrets}?watch=1&resourceVersion=${version}`);
    expect(await other.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'quiet' } } });
    other.stop();
  });

  it('begins anew at a restart: older versions are expired, the present one is not', async () => {
    const before = await versionOf(maps);
    await api.post(maps, { metadata: { name: 'late' } });
    const other = await startTestApiserver({ etcd: etcd.endpoint, pki: server.pki, flags: ['--advertise-address=192.0.2.2', '--etcd-compaction-interval=0s'] });
    const second = await RestClient.of(other);
    try {
      const old = await second.watch(`${maps}?watch=1&resourceVersion=${before}`);
      expect(await old.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
      const now = (await second.get<{ metadata: { resourceVersion: string } }>(maps)).body.metadata.resourceVersion;
      const present = await second.watch(`${maps}?watch=1&resourceVersion=${now}`);
      await api.post(maps, { metadata: { name: 'later' } });
      expect(await present.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'later' } } });
      present.stop();
    } finally {
      second.close();
      await other.stop();
    }
  }, 20_000);
});
