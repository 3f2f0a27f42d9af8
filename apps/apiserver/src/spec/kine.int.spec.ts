import { KineDouble } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Any {
  kind: string;
  code?: number;
  reason?: string;
  metadata: { name: string; uid: string; resourceVersion: string; continue?: string };
  spec: { clusterIP?: string; ports?: { nodePort?: number }[] };
  items: Any[];
}

const services = '/api/v1/namespaces/default/services';
const configMaps = '/api/v1/namespaces/default/configmaps';
const service = (name: string, more: object = {}): object => ({ metadata: { name }, spec: { type: 'NodePort', ports: [{ port: 80 }], ...more } });

/** What `--etcd-transactions=single` is for: the whole apiserver on a store with kine's limits. */
describe('the apiserver on a store that knows only transactions of one key', () => {
  let kine: KineDouble;
  let server: TestApiserver;
  let api: RestClient;

  beforeAll(async () => {
    kine = await new KineDouble().start();
    server = await startTestApiserver({ etcd: kine.endpoint, flags: ['--etcd-transactions=single'] });
    api = await RestClient.of(server);
  }, 60_000);

  afterAll(async () => {
    api.close();
    await server.stop();
    kine.stop();
  });

  const versions = async (path: string): Promise<string[]> => (await api.get<Any>(path)).body.items.map(({ metadata }) => metadata.name);

  it('creates, reads, changes and deletes objects, and refuses an older version', async () => {
    const created = await api.post<Any>(configMaps, { metadata: { name: 'a' }, data: { n: '1' } });
    expect(created.code).toBe(201);
    const changed = await api.put<Any>(`${configMaps}/a`, { metadata: { name: 'a', resourceVersion: created.body.metadata.resourceVersion }, data: { n: '2' } });
    expect(changed.code).toBe(200);
    expect(BigInt(changed.body.metadata.resourceVersion)).toBeGreaterThan(BigInt(created.body.metadata.resourceVersion));
    expect((await api.put<Any>(`${configMaps}/a`, { metadata: { name: 'a', resourceVersion: created.body.metadata.resourceVersion }, data: {} })).body).toMatchObject({ code: 409, reason: 'Conflict' });
    expect((await api.post<Any>(configMaps, { metadata: { name: 'a' } })).body).toMatchObject({ code: 409, reason: 'AlreadyExists' });
    expect((await api.delete(`${configMaps}/a`)).code).toBe(200);
    expect((await api.get(`${configMaps}/a`)).code).toBe(404);
  });

  it('gives a Service its addresses and takes them back with it', async () => {
    const { code, body } = await api.post<Any>(services, service('web'));
    expect(code).toBe(201);
    const address = body.spec.clusterIP ?? '';
    const nodePort = body.spec.ports?.[0]?.nodePort ?? 0;
    expect((await api.get(`/apis/networking.k8s.io/v1/ipaddresses/${address}`)).code).toBe(200);
    expect((await api.post<Any>(services, service('thief', { clusterIP: address }))).body).toMatchObject({ code: 422, reason: 'Invalid' });
    expect((await api.post<Any>(services, service('thief', { ports: [{ port: 80, nodePort }] }))).body).toMatchObject({ code: 422, reason: 'Invalid' });
    expect((await api.delete(`${services}/web`)).code).toBe(200);
    expect((await api.get(`/apis/networking.k8s.io/v1/ipaddresses/${address}`)).code).toBe(404);
    expect((await api.post<Any>(services, service('heir', { clusterIP: address, ports: [{ port: 80, nodePort }] }))).code).toBe(201);
  });

  it('pages through a list at one version', async () => {
    for (let n = 0; n < 5; n++) await api.post(configMaps, { metadata: { name: `page-${n}` } });
    const first = await api.get<Any>(`${configMaps}?limit=3`);
    await api.post(configMaps, { metadata: { name: 'page-late' } });
    const rest = await api.get<Any>(`${configMaps}?limit=3&continue=${encodeURIComponent(first.body.metadata.continue ?? '')}`);
    const names = [...first.body.items, ...rest.body.items].map(({ metadata }) => metadata.name);
    expect(names).toEqual(['kube-root-ca.crt', 'page-0', 'page-1', 'page-2', 'page-3', 'page-4'].filter((name) => names.includes(name)));
    expect(names).not.toContain('page-late');
  });

  it('tells watches of every change, in order', async () => {
    const { body } = await api.get<Any>(configMaps);
    const watch = await api.watch(`${configMaps}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
    await api.post(configMaps, { metadata: { name: 'watched' } });
    await api.delete(`${configMaps}/watched`);
    const events = await watch.take(2);
    watch.stop();
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`)).toEqual(['ADDED watched', 'DELETED watched']);
  });

  it('reads what is newest though the store has used revisions that no object shows', async () => {
    kine.log.gap();
    expect(await versions(`${configMaps}?resourceVersion=`)).toContain('page-0');
  });

  it('keeps what expires under a lease', async () => {
    expect((await api.post('/api/v1/namespaces/default/events', { metadata: { name: 'e' }, involvedObject: { namespace: 'default', kind: 'Pod', name: 'p' } })).code).toBe(201);
    expect(kine.log.last('/registry/core/events/default/e')?.lease).toBeGreaterThan(3600);
  });
});
