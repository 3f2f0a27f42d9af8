import { RestClient, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Any { metadata: { name: string; resourceVersion: string } }

const configMap = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels }, data: { n: name } });
const maps = '/api/v1/namespaces/default/configmaps';

describe('a watch', () => {
  let server: TestApiserver;
  let api: RestClient;
  let count = 0;
  /** A label of its own for each test, so that none sees another's objects. */
  let mine: Record<string, string>;
  let selector: string;

  useTestApi((running) => {
    ({ api, server } = running);
  });

  beforeEach(() => {
    mine = { test: `t${++count}` };
    selector = `labelSelector=test%3Dt${count}`;
  });

  it('from a version tells every change after it, in order', async () => {
    const { body } = await api.get<Any>(maps);
    const watch = await api.watch(`${maps}?watch=1&${selector}&resourceVersion=${body.metadata.resourceVersion}`);
    const created = await api.post<Any>(maps, configMap('a', mine));
    await api.patch(`${maps}/a`, 'merge', { data: { more: 'x' } });
    await api.delete(`${maps}/a`);
    const events = await watch.take(3);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(events[0]?.object).toEqual(created.body);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    watch.stop();
    const replay = await api.watch(`${maps}?watch=1&${selector}&resourceVersion=${versions[0] ?? 0}`);
    expect((await replay.take(2)).map(({ type }) => type)).toEqual(['MODIFIED', 'DELETED']);
    replay.stop();
  });

  it('without a version begins with what there is', async () => {
    await api.post(maps, configMap('b1', mine));
    const watch = await api.watch(`${maps}?watch=true&${selector}`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'b1' } } });
    await api.post(maps, configMap('b2', mine));
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b2' } } });
    watch.stop();
  });

  it('with sendInitialEvents marks where the initial state ends', async () => {
    const created = await api.post<Any>(maps, configMap('c1', mine));
    const watch = await api.watch(`${maps}?watch=1&${selector}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'c1' } } });
    const end = await watch.next();
    expect(end).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } });
    // Others write meanwhile: the end is a collection's version, between the object's and that of a later list.
    const list = await api.get<Any>(maps);
    const version = Number(end.object.metadata.resourceVersion);
    expect(version % 1024).toBe(1023);
    expect(version).toBeGreaterThan(Number(created.body.metadata.resourceVersion));
    expect(version).toBeLessThanOrEqual(Number(list.body.metadata.resourceVersion));
    watch.stop();
  });

  it('with sendInitialEvents and no match is refused', async () => {
    const watch = await api.watch(`${maps}?watch=1&sendInitialEvents=true`);
    expect(watch.code).toBe(422);
    watch.stop();
  });

  it('shows what enters and leaves its selection', async () => {
    const { body } = await api.get<Any>(maps);
    const watch = await api.watch(`${maps}?watch=1&${selector}&resourceVersion=${body.metadata.resourceVersion}`);
    await api.post(maps, configMap('d1'));
    await api.patch(`${maps}/d1`, 'merge', { metadata: { labels: mine } });
    const left = await api.patch<Any>(`${maps}/d1`, 'merge', { metadata: { labels: { test: null } } });
    const events = await watch.take(2);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    // The last state that was selected, at the version of the change that took it away.
    expect(events[1]?.object.metadata).toMatchObject({ labels: mine, resourceVersion: left.body.metadata.resourceVersion });
    watch.stop();
  });

  it('of one object by its name sees only that', async () => {
    const watch = await api.watch(`${maps}?watch=1&fieldSelector=metadata.name%3De1`);
    await api.post(maps, configMap('e0', mine));
    await api.post(maps, configMap('e1', mine));
    expect(await watch.next()).toMatchObject({ object: { metadata: { name: 'e1' } } });
    watch.stop();
  });

  it('from a version that is no longer kept is expired', async () => {
    const watch = await api.watch(`${maps}?watch=1&resourceVersion=1`);
    expect(watch.code).toBe(200);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    await expect(watch.next()).rejects.toThrow('the watch has ended');
  });

  it('ends when its time is over, and not before', async () => {
    const watch = await api.watch(`${maps}?watch=1&${selector}&timeoutSeconds=1`);
    await expect(watch.next()).rejects.toThrow('the watch has ended');
  });

  it('as a table carries rows, and says once what the columns are', async () => {
    await api.post(maps, configMap('f1', mine));
    const rowOf = (name: string): object => ({ rows: [{ cells: [name, 1, expect.any(String)] }] });
    const columns = [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }];
    const watch = await api.watchAs(`${maps}?watch=1&${selector}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { kind: 'Table', columnDefinitions: columns, ...rowOf('f1') } });
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK', object: { kind: 'Table', columnDefinitions: null, rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }] },
    });
    const { body } = await api.post<Any>(maps, configMap('f2', mine));
    // Another bookmark may be due just now.
    let next = await watch.next();
    while (next.type === 'BOOKMARK') next = await watch.next();
    expect(next).toMatchObject({ type: 'ADDED', object: { columnDefinitions: null, ...rowOf('f2') } });
    watch.stop();
    const later = await api.watchAs(`${maps}?watch=1&${selector}&resourceVersion=${body.metadata.resourceVersion}`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    await api.post(maps, configMap('f3', mine));
    expect(await later.next()).toMatchObject({ type: 'ADDED', object: { columnDefinitions: columns, ...rowOf('f3') } });
    later.stop();
  });

  it('in protobuf carries bodies in frames', async () => {
    await api.post(maps, configMap('pb1', mine));
    const { raw, headers } = await api.call('GET', `${maps}?watch=1&${selector}&timeoutSeconds=1`, { headers: { Accept: 'application/vnd.kubernetes.protobuf' } });
    expect(headers['content-type']).toBe('application/vnd.kubernetes.protobuf;stream=watch');
    const length = raw.readUInt32BE(0);
    expect(raw).toHaveLength(4 + length);
    expect(raw.subarray(4, 4 + 7).toString('latin1')).toBe('\n\x05ADDED');
    expect(raw.includes(Buffer.from([0x6b, 0x38, 0x73, 0x00]))).toBe(true);
  });

  it('is told the same as a hundred others, each whole and in order', async () => {
    const { body } = await api.get<Any>(maps);
    const crowd = await RestClient.of(server, false, 200);
    const watches = await Promise.all(Array.from({ length: 100 }, () => crowd.watch(`${maps}?watch=1&${selector}&resourceVersion=${body.metadata.resourceVersion}`)));
    await Promise.all(Array.from({ length: 50 }, (_, i) => api.post(maps, configMap(`g${i}`, mine))));
    const seen = await Promise.all(watches.map(async (watch) => (await watch.take(50)).map(({ object }) => object.metadata.resourceVersion)));
    for (const versions of seen) expect(versions).toEqual(seen[0]);
    expect(new Set(seen[0]).size).toBe(50);
    for (const watch of watches) watch.stop();
    crowd.close();
  }, 30_000);

  it('that joins late misses nothing and sees nothing twice', async () => {
    const { body } = await api.get<Any>(maps);
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await api.post(maps, configMap(`h${i}`, mine));
    })();
    const crowd = await RestClient.of(server, false, 50);
    const names: string[][] = [];
    for (let i = 0; i < 10; i++) {
      const watch = await crowd.watch(`${maps}?watch=1&${selector}&resourceVersion=${body.metadata.resourceVersion}`);
      names.push((await watch.take(60)).map(({ object }) => object.metadata.name ?? ''));
      watch.stop();
    }
    await writing;
    for (const one of names) expect(one).toEqual(Array.from({ length: 60 }, (_, i) => `h${i}`));
    crowd.close();
  }, 30_000);
});
