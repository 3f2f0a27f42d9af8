import { startEtcd, type TestEtcd } from '@navarch/testing';
import fc from 'fast-check';
import { encodeProtobuf } from '../codec/protobuf-body';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Status { kind: string; code: number; message: string; items?: unknown[] }

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const deployment = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fuzzed', labels: { a: 'b' } },
  spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1' } }, ports: [{ containerPort: 80 }] }] } } },
};
const yaml = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: fuzzed\n  labels: &l {a: b}\nspec:\n  selector:\n    matchLabels: *l\n  template:\n    metadata:\n      labels: *l\n    spec:\n      containers:\n      - {name: c, image: i}\n';
const protobuf = (): Buffer => encodeProtobuf({ group: 'apps', version: 'v1', kind: 'Deployment' }, Buffer.from(JSON.stringify(deployment))) ?? Buffer.alloc(0);

/** Some of its bytes are others, some are gone, some stand twice. */
const damaged = (whole: Buffer): fc.Arbitrary<Buffer> =>
  fc.array(fc.record({ at: fc.nat(Math.max(whole.length - 1, 0)), how: fc.constantFrom('set', 'cut', 'drop', 'twice'), byte: fc.integer({ min: 0, max: 255 }) }), { minLength: 1, maxLength: 4 }).map((damages) => {
    let bytes = Buffer.from(whole);
    for (const { at, how, byte } of damages) {
      if (how === 'set' && at < bytes.length) bytes[at] = byte;
      else if (how === 'cut') bytes = bytes.subarray(0, at);
      else if (how === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (byte % 8))]);
      else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - byte))]);
    }
    return bytes;
  });

describe('whatever a client sends', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;

  beforeAll(async () => {
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint });
    api = await RestClient.of(server);
    for (let i = 0; i < 5; i++) await api.post(maps, { metadata: { name: `m${i}`, labels: { i: String(i) } } });
    await api.post(deployments, { ...deployment, metadata: { name: 'there' } });
  }, 60_000);

  afterAll(async () => {
    // None of it has ended anything.
    expect((await api.get('/readyz')).code).toBe(200);
    api.close();
    await server.stop();
    await etcd.stop();
  });

  /** Taken, or refused by a Status that says so. */
  async function answered(method: string, path: string, body: Buffer | undefined, headers: Record<string, string>): Promise<number> {
    const { code, raw } = await api.call<Status>(method, path, { ...(body ? { body } : {}), headers });
    if (code >= 500) throw new Error(`${method} ${path}: ${code} ${raw.toString().slice(0, 500)}`);
    if (code >= 400 && raw.length > 0 && code !== 404) expect(JSON.parse(raw.toString())).toMatchObject({ kind: 'Status', status: 'Failure', code });
    return code;
  }

  it.each([
    ['application/json', Buffer.from(JSON.stringify(deployment))],
    ['application/yaml', Buffer.from(yaml)],
    ['application/vnd.kubernetes.protobuf', protobuf()],
  ])('damaged bodies of %s', async (type, whole) => {
    expect(await answered('POST', `${deployments}?dryRun=All`, whole, { 'Content-Type': type })).toBe(201);
    await fc.assert(fc.asyncProperty(damaged(whole), async (body) => {
      await answered('POST', `${deployments}?dryRun=All&fieldValidation=Ignore`, body, { 'Content-Type': type });
      await answered('PUT', `${deployments}/there?dryRun=All`, body, { 'Content-Type': type });
      await answered('DELETE', `${maps}/m0?dryRun=All`, body, { 'Content-Type': type });
    }), { numRuns: 100 });
  }, 60_000);

  it.each([
    ['application/json-patch+json', Buffer.from(JSON.stringify([{ op: 'replace', path: '/spec/replicas', value: 3 }, { op: 'add', path: '/metadata/labels/x', value: 'y' }]))],
    ['application/merge-patch+json', Buffer.from(JSON.stringify({ spec: { replicas: 3, template: { spec: { containers: null } } } }))],
    ['application/strategic-merge-patch+json', Buffer.from(JSON.stringify({ spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'c' }], containers: [{ name: 'c', '$retainKeys': ['name'] }] } } } }))],
    ['application/apply-patch+yaml', Buffer.from(yaml)],
  ])('damaged patches of %s', async (type, whole) => {
    await fc.assert(fc.asyncProperty(damaged(whole), async (body) => {
      const { code, raw } = await api.call<Status>('PATCH', `${deployments}/there?dryRun=All${type.includes('apply') ? '&fieldManager=fuzz' : ''}`, { body, headers: { 'Content-Type': type } });
      // Upstream answers what its patch libraries find wrong by a bare 500; nothing else may fail inside.
      const inside = raw.toString();
      if (code >= 500 && inside.includes('Internal error')) throw new Error(inside.slice(0, 500));
      expect(JSON.parse(inside)).toMatchObject(code < 400 ? { kind: 'Deployment' } : { kind: 'Status', code });
    }), { numRuns: 100 });
  }, 60_000);

  it.each<[string, string, () => Buffer]>([
    ['lists in lists', 'application/json', () => Buffer.from('['.repeat(200_000))],
    ['objects in objects', 'application/json', () => Buffer.from(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)],
    ['objects in a field of its own kind', 'application/json', () => Buffer.from(`{"metadata":{"name":"x"},"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`)],
    ['lists in lists of YAML', 'application/yaml', () => Buffer.from('['.repeat(20_000))],
    ['aliases of aliases', 'application/yaml', () => Buffer.from(`a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (name, i) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[i] ?? 'a'}`).join(',')}]`).join('\n')}\n`)],
    ['text that is no UTF-8', 'application/json', () => Buffer.concat([Buffer.from('{"metadata":{"name":"x"},"data":{"a":"'), Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]), Buffer.from('"}}')])],
    ['nothing but zeros', 'application/vnd.kubernetes.protobuf', () => Buffer.alloc(1_000_000)],
    ['a length that lies', 'application/vnd.kubernetes.protobuf', () => Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])])],
    ['a million keys', 'application/json', () => Buffer.from(`{"metadata":{"name":"x"},"data":{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":"v"`).join(',')}}}`)],
  ])('%s', async (_what, type, body) => {
    await answered('POST', `${maps}?dryRun=All`, body(), { 'Content-Type': type });
  }, 30_000);

  it('continue tokens that lie', async () => {
    const { body } = await api.get<{ metadata: { continue: string; resourceVersion: string } }>(`${maps}?limit=2`);
    const truth = Buffer.from(body.metadata.continue, 'base64url');
    const token = fc.oneof(
      damaged(truth).map((bytes) => bytes.toString('base64url')), fc.string(), fc.base64String(),
      fc.record({ v: fc.constantFrom('meta.k8s.io/v1', 'v2', ''), rv: fc.constantFrom(-1, 0, 1, 2 ** 60, Number(body.metadata.resourceVersion)), start: fc.constantFrom('', '../../secrets', 'm1\0', '/', 'default/m1\0') }).map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    );
    await fc.assert(fc.asyncProperty(token, async (lie) => {
      const { code, body: list } = await api.get<Status>(`${maps}?limit=2&continue=${encodeURIComponent(lie)}`);
      expect([200, 400, 410]).toContain(code);
      // Never more than what there is to see.
      if (code === 200) expect((list.items ?? []).length).toBeLessThanOrEqual(6);
    }), { numRuns: 150 });
  }, 60_000);

  it('selectors, versions and other queries', async () => {
    const query = fc.constantFrom('labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch', 'limit', 'timeoutSeconds', 'pretty', 'sendInitialEvents', 'allowWatchBookmarks', 'dryRun', 'fieldValidation', 'fieldManager', 'force');
    const value = fc.oneof(fc.string(), fc.constantFrom('true', 'a in (b', '!a', 'a=b,c!=d', 'metadata.name=m1', '-1', '0', '9'.repeat(30), 'Exact', 'NotOlderThan', 'All', '\u0000', '%'));
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(query, value), { maxLength: 3 }), async (parts) => {
      const text = new URLSearchParams(parts).toString();
      const { code } = await api.call<Status>('GET', `${maps}?${text}`);
      // A version of the future is waited for, and then refused.
      if (code >= 500) expect(code).toBe(504);
      await answered('POST', `${maps}?${text}&dryRun=All`, Buffer.from('{"metadata":{"name":"q"}}'), { 'Content-Type': 'application/json' });
    }), { numRuns: 60 });
  }, 120_000);

  it('verbs and paths', async () => {
    const segment = fc.constantFrom('api', 'apis', 'v1', 'apps', 'namespaces', 'default', 'pods', 'deployments', 'there', 'status', 'scale', 'log', 'exec', 'proxy', 'watch', '', '..', '%2e%2e', '%00', 'é', 'x'.repeat(300), 'openapi', 'version', 'healthz', 'metrics', 'bindings', 'eviction', 'token');
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE');
    await fc.assert(fc.asyncProperty(method, fc.array(segment, { minLength: 1, maxLength: 8 }), async (verb, path) => {
      const { code, raw } = await api.call(verb, encodeURI(`/${path.join('/')}`).replaceAll('%25', '%'), verb === 'GET' || verb === 'HEAD' ? {} : { body: '{}' });
      // A proxy to nowhere is unavailable; nothing else fails inside.
      if (code >= 500) expect([503, 'proxy']).toEqual([code, path.includes('proxy') ? 'proxy' : raw.toString()]);
    }), { numRuns: 400 });
  }, 60_000);
});
