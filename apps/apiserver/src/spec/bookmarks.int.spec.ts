import { type Clock, systemClock } from '@navarch/clock';
import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Any { metadata: { resourceVersion: string } }

const maps = '/api/v1/namespaces/default/configmaps';
/** Beyond what lies between two bookmarks of a watch over HTTP. */
const A_MINUTE_MS = 61_000;

describe('bookmarks of a watch over HTTP', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;
  /** How far the server is ahead of this machine. */
  let aheadMs = 0;

  beforeAll(async () => {
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint, clock });
    api = await RestClient.of(server);
  }, 120_000);
  afterAll(async () => {
    api.close();
    await server.stop();
    await etcd.stop();
  });

  it('come every minute, with the version up to which nothing is missing, though nothing of the watch has changed', async () => {
    const watch = await api.watch(`${maps}?watch=1&labelSelector=nobody%3Dhas&allowWatchBookmarks=true`);
    const first = await watch.next();
    expect(first).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) as string } } });
    // A watch without a version begins with all there is.
    expect(first.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    const { body } = await api.post<Any>(maps, { metadata: { name: 'others' } });
    aheadMs += A_MINUTE_MS;
    const second = await watch.next();
    expect(second.type).toBe('BOOKMARK');
    expect(second.object.metadata.annotations).toBeUndefined();
    expect(Number(second.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(body.metadata.resourceVersion));
    watch.stop();
  }, 30_000);

  it('go to who asks for them only', async () => {
    const asked = await api.watch(`${maps}?watch=1&labelSelector=asks%3Dfor-it&allowWatchBookmarks=true`);
    const silent = await api.watch(`${maps}?watch=1&labelSelector=asks%3Dfor-it`);
    expect((await asked.next()).type).toBe('BOOKMARK');
    aheadMs += A_MINUTE_MS;
    expect((await asked.next()).type).toBe('BOOKMARK');
    await api.post(maps, { metadata: { name: 'mine', labels: { asks: 'for-it' } } });
    expect(await silent.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'mine' } } });
    asked.stop();
    silent.stop();
  }, 30_000);
});
