import { isConflict, isNotFound, isResourceExpired } from '@navarch/apimachinery';
import { core, type corev1 } from '@navarch/api';
import { systemClock, type Clock } from '@navarch/clock';
import { objectv1 } from '@navarch/proto';
import { connect, RpcServer } from '@navarch/rpc';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { GrpcObjectTransport } from './grpc-object-transport';
import { RemoteApiClient } from './remote-api-client';
import { SharedInformers } from './shared-informers';
import { SimulatedApi, simulatedHandlers, SimulatedTransport } from './testing';

const log = pino({ level: 'silent' });

describe('over gRPC', () => {
  const cleanups: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });

  async function serve(clock: Clock = systemClock) {
    const api = new SimulatedApi(clock);
    const simulated = new SimulatedTransport(api);
    const server = new RpcServer({ address: '127.0.0.1:0', drainMs: 100 }, { log, registry: new Registry() }).add(objectv1.ObjectServiceService, simulatedHandlers(simulated));
    await server.start();
    const channel = connect({ address: `127.0.0.1:${server.port}` });
    const transport = new GrpcObjectTransport(channel);
    const informers = new SharedInformers({ transport, clock, log });
    const client = new RemoteApiClient({}, { transport, clock, log, observer: informers });
    cleanups.push(() => server.stop(), () => channel.close(), () => client.stop(), () => informers.stop());
    return { api, client, informers, simulated, transport };
  }

  it('objects are written, read and followed, and failures keep their Status', async () => {
    const { api, client, informers } = await serve();
    const pods = informers.informer(core.pods);
    await informers.start();
    await informers.waitForSync();
    const added = new Promise<corev1.Pod>((resolve) => pods.addHandler({ onAdd: resolve }));
    api.create(core.pods, 'default', { metadata: { name: 'other' } });
    expect((await added).metadata.name).toBe('other');
    const created = await client.create(core.pods, { metadata: { name: 'a', namespace: 'default' } });
    expect((await client.get(core.pods, { namespace: 'default', name: 'a' })).metadata.uid).toBe(created.metadata.uid);
    const many = await Promise.all(Array.from({ length: 200 }, (_, index) => client.create(core.pods, { metadata: { name: `p${index}`, namespace: 'default' } })));
    expect(many).toHaveLength(200);
    expect((await client.list(core.pods)).items).toHaveLength(202);
    await client.update(core.pods, { ...created, metadata: { ...created.metadata, labels: { a: 'b' } } });
    expect(isConflict(await client.update(core.pods, created).catch((error: unknown) => error))).toBe(true);
    expect(isNotFound(await client.get(core.pods, { namespace: 'default', name: 'none' }).catch((error: unknown) => error))).toBe(true);
  });

  it('a history that is gone is told apart', async () => {
    const { api, transport } = await serve();
    api.compacted = api.version;
    const watch = transport.watch({ class: { resource: core.pods, node: '' }, namespace: '', labelSelector: '', fieldSelector: '', resourceVersion: 1n });
    const error: unknown = await watch[Symbol.asyncIterator]().next().catch((reason: unknown) => reason);
    expect(isResourceExpired(error)).toBe(true);
  });
});
