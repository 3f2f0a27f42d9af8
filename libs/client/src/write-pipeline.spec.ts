import { isConflict, isNotFound, isServiceUnavailable, isTimeout, timeout } from '@navarch/apimachinery';
import { core, type corev1, type KubeObject } from '@navarch/api';
import { SimulatedCluster } from './testing';

const configMap = (name: string): corev1.ConfigMap => ({ metadata: { name, namespace: 'default' }, data: { a: '1' } });
const key = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });

describe('writes', () => {
  let cluster: SimulatedCluster;
  beforeEach(() => (cluster = new SimulatedCluster()));
  afterEach(() => cluster.stop());

  it('asked for in one turn travel in one frame, each with its own answer', async () => {
    const { client, transport } = cluster;
    const outcomes = await Promise.allSettled([
      client.create(core.configmaps, configMap('a')),
      client.create(core.configmaps, configMap('a')),
      client.delete(core.configmaps, key('missing')),
      client.create(core.configmaps, configMap('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && isNotFound(outcome.reason))).toEqual([false, false, true, false]);
    expect(transport.frames).toBe(1);
  });

  it('too large for one frame travel in several', async () => {
    const { client, transport } = cluster;
    const large = (name: string): corev1.ConfigMap => ({ ...configMap(name), data: { a: 'x'.repeat(600_000) } });
    await Promise.all(['a', 'b', 'c'].map((name) => client.create(core.configmaps, large(name))));
    expect(transport.frames).toBe(3);
  });

  it('in the background go one at a time while others are under way, and then together', async () => {
    const { client, transport } = cluster;
    const names = (): string[] => transport.writes.map(({ operation }) => (operation?.$case === 'create' ? (JSON.parse(operation.value.object.toString()) as KubeObject).metadata.name ?? '' : ''));
    const behind = ['x', 'y', 'z'].map((name) => client.create(core.configmaps, configMap(name), { background: true }));
    await Promise.all(['a', 'b'].map((name) => client.create(core.configmaps, configMap(name))));
    expect(names()).toEqual(['a', 'b', 'x']);
    await Promise.all(behind);
    expect(names()).toEqual(['a', 'b', 'x', 'y', 'z']);
    expect(transport.frames).toBe(2);
  });

  it('in the background are as many at a time as the server can do beside what others ask of it', async () => {
    const { client, transport } = cluster;
    await Promise.all(Array.from({ length: 65 }, (_, at) => client.create(core.configmaps, configMap(`c${at}`), { background: true })));
    expect(transport.frames).toBe(3);
  });

  it('whose stream breaks before the answer fail as timed out, and are not sent again', async () => {
    const { client, transport, api } = cluster;
    transport.beforeWrite = () => transport.cut();
    const error: unknown = await client.create(core.configmaps, configMap('a')).catch((reason: unknown) => reason);
    expect(isTimeout(error)).toBe(true);
    transport.beforeWrite = undefined;
    await client.create(core.configmaps, configMap('b'));
    expect(transport.writes).toHaveLength(2);
    // It had been done, in fact.
    expect(api.find(core.configmaps, 'default', 'a')).toBeDefined();
  });

  it('that could not be sent wait for the apiserver to be back', async () => {
    const { client, transport, clock } = cluster;
    transport.down = true;
    const created = client.create(core.configmaps, configMap('a'));
    await clock.advance(5_000);
    transport.down = false;
    await clock.advance(5_000);
    expect((await created).metadata.name).toBe('a');
    expect(transport.writes).toHaveLength(1);
  });

  it('that could not be sent in a minute fail as unavailable', async () => {
    const { client, transport, clock } = cluster;
    transport.down = true;
    const failure = client.create(core.configmaps, configMap('a')).catch((reason: unknown) => reason);
    await clock.advance(62_000);
    expect(isServiceUnavailable(await failure)).toBe(true);
    expect(transport.writes).toHaveLength(0);
  });

  it('that are aborted before their frame are not sent', async () => {
    const { client, transport } = cluster;
    const stop = new AbortController();
    const aborted = client.create(core.configmaps, configMap('a'), { signal: stop.signal });
    const other = client.create(core.configmaps, configMap('b'));
    stop.abort(new Error('no longer wanted'));
    await expect(aborted).rejects.toThrow('no longer wanted');
    await other;
    expect(transport.writes).toHaveLength(1);
  });

  it('whose answer is lost are told of as failed when caches hold what they made, whatever its name', async () => {
    const { client, transport, informers } = cluster;
    const configMaps = informers.informer(core.configmaps);
    await cluster.start();
    transport.paused = true;
    transport.afterWrite = () => {
      throw timeout('lost');
    };
    const failed = client.create(core.configmaps, { metadata: { generateName: 'some-', namespace: 'default' } }).catch((error: unknown) => [isTimeout(error), configMaps.list().length]);
    await cluster.settle();
    expect(await failed).toEqual([true, 1]);
  });

  it('whose answer is lost are told of as failed after a while, if caches cannot learn what became of them', async () => {
    const { client, transport, clock, informers } = cluster;
    informers.informer(core.configmaps);
    await cluster.start();
    transport.afterWrite = () => {
      transport.down = true;
      throw timeout('lost');
    };
    let told = false;
    const failed = client.create(core.configmaps, configMap('a')).catch((error: unknown) => (told = isTimeout(error)));
    await clock.advance(20_000);
    expect(told).toBe(false);
    await clock.advance(20_000);
    expect(await failed).toBe(true);
  });

  it('enter the caches of the process before their news does, and so do deletes', async () => {
    const { client, transport, informers } = cluster;
    const configMaps = informers.informer(core.configmaps);
    await cluster.start();
    transport.paused = true;
    const created = await client.create(core.configmaps, configMap('a'));
    expect(configMaps.get(key('a'))?.metadata.uid).toBe(created.metadata.uid);
    await client.delete(core.configmaps, key('a'));
    expect(configMaps.get(key('a'))).toBeUndefined();
    transport.resume();
    await cluster.settle();
    expect(configMaps.list()).toEqual([]);
  });

  it('keep an object that waits for its finalizers in the caches', async () => {
    const { client, informers } = cluster;
    const configMaps = informers.informer(core.configmaps);
    await cluster.start();
    await client.create(core.configmaps, { ...configMap('a'), metadata: { ...configMap('a').metadata, finalizers: ['example.com/x'] } });
    await client.delete(core.configmaps, key('a'));
    expect(configMaps.get(key('a'))?.metadata.deletionTimestamp).toBeDefined();
  });

  it('report a stale version as a conflict', async () => {
    const { client } = cluster;
    const created = await client.create(core.configmaps, configMap('a'));
    await client.update(core.configmaps, { ...created, data: { a: '2' } });
    const error: unknown = await client.update(core.configmaps, { ...created, data: { a: '3' } }).catch((reason: unknown) => reason);
    expect(isConflict(error)).toBe(true);
  });
});
