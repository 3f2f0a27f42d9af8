import { eventually } from '@navarch/testing';
import fc from 'fast-check';
import { encodeProtobuf } from '../codec/protobuf-body';
import type { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Status { kind: string; code: number; message: string; items?: unknown[] }

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const deployment = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fuzzed', labels: { a: 'b' } },
  spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1' } }, ports: [{ containerPort: 80 }] }] } } },
};
const gadgets = '/apis/example.com/v1/namespaces/default/gadgets';
const gadget = (name: string): object => ({ apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name }, spec: { replicas: 1, at: '2026-01-01T00:00:00Z', list: [{ name: 'a' }, { name: 'b' }], either: '80%', free: { x: [1] } } });
const gadgetDefinition = {
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [{
      name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object', 'x-kubernetes-validations': [{ rule: '!has(self.replicas) || self.replicas < 100' }, { rule: 'self == oldSelf || true' }],
              properties: {
                replicas: { type: 'integer', default: 2 }, at: { type: 'string', format: 'date-time' }, either: { 'x-kubernetes-int-or-string': true }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string', pattern: '^[a-z]+$' } } } },
              },
            },
            status: { type: 'object', properties: { replicas: { type: 'integer' } } },
          },
        },
      },
    }],
  },
};
const yaml =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: fuzzed\n  labels: &l {a: b}\nspec:\n  selector:\n    matchLabels: *l\n  template:\n    metadata:\n      labels: *l\n    spec:\n      containers:\n      - {name: c, image: i}\n';
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
  let api: RestClient;

  afterAll(async () => {
    // None of it has ended anything.
    expect((await api.get('/readyz')).code).toBe(200);
  });
  useTestApi(async (running) => {
    ({ api } = running);
    for (let i = 0; i < 5; i++) await api.post(maps, { metadata: { name: `m${i}`, labels: { i: String(i) } } });
    await api.post(deployments, { ...deployment, metadata: { name: 'there' } });
    await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', gadgetDefinition);
    await eventually(async () => (await api.post(gadgets, gadget('there'))).code === 201);
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
      await answered('DELETE', `${maps}/none`, body, { 'Content-Type': type });
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

  it.each(['json', 'merge', 'strategic', 'apply'] as const)('%s patches that are any JSON, at every view of every kind of kind', async (type) => {
    const place = fc.constantFrom(`${deployments}/there`, `${deployments}/there/status`, `${deployments}/there/scale`, `${maps}/m0`, `${gadgets}/there`, `${gadgets}/there/status`, `${gadgets}/there/scale`);
    const field = fc.constantFrom('metadata', 'spec', 'status', 'replicas', 'labels', 'name', 'data', '$patch', '$retainKeys', '$setElementOrder/containers', '$deleteFromPrimitiveList/finalizers', 'managedFields', '__proto__', 'constructor', 'containers', 'template');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, true, '', 'x', 0, -1, 1e300, 5e-324, '1'), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(field, tie('value'), { maxKeys: 4 })),
    }));
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'none'),
        path: fc.oneof(
          fc.constantFrom('', '/', '/metadata/name', '/spec/replicas', '/metadata/labels/-', '/a/b', '/~2', '/spec/template/spec/containers/9'),
          fc.string(),
        ),
        from: fc.constantFrom('', '/metadata', '/spec'),
        value,
      },
      { requiredKeys: ['op', 'path'] },
    );
    const patch = type === 'json' ? fc.oneof(fc.array(operation, { maxLength: 3 }), value) : value;
    await fc.assert(fc.asyncProperty(place, patch, async (path, body) => {
      const { code, raw } = await api.patch<Status>(`${path}?dryRun=All&fieldManager=fuzz`, type, body);
      const inside = raw.toString();
      if (code >= 500 && inside.includes('Internal error')) throw new Error(`${path} ${JSON.stringify(body)}: ${inside.slice(0, 300)}`);
      if (code >= 400) expect(JSON.parse(inside)).toMatchObject({ kind: 'Status', code });
    }), { numRuns: 120 });
  }, 60_000);

  it('custom resources in damaged bodies', async () => {
    for (const [type, whole] of [['application/json', Buffer.from(JSON.stringify(gadget('fuzzed')))], ['application/yaml', Buffer.from('apiVersion: example.com/v1\nkind: Gadget\nmetadata:\n  name: fuzzed\nspec:\n  replicas: 1\n  at: 2026-01-01T00:00:00Z\n  list: [{name: a}, {name: b}]\n')]] as const) {
      expect(await answered('POST', `${gadgets}?dryRun=All`, whole, { 'Content-Type': type })).toBe(201);
      await fc.assert(fc.asyncProperty(damaged(whole), async (body) => {
        await answered('POST', `${gadgets}?dryRun=All&fieldValidation=Ignore`, body, { 'Content-Type': type });
        await answered('PUT', `${gadgets}/there?dryRun=All`, body, { 'Content-Type': type });
        await answered('PUT', `${gadgets}/there/status?dryRun=All`, body, { 'Content-Type': type });
      }), { numRuns: 60 });
    }
  }, 60_000);

  it('damaged YAML that is so long that another thread reads it', async () => {
    const whole = Buffer.from(`${yaml}${Array.from({ length: 2000 }, (_, i) => `# ${i}\nx${i}: {a: [1, "2", ~]}\n`).join('')}`);
    expect(await answered('POST', `${deployments}?dryRun=All&fieldValidation=Ignore`, whole, { 'Content-Type': 'application/yaml' })).toBe(201);
    await fc.assert(fc.asyncProperty(damaged(whole), async (body) => {
      await answered('POST', `${deployments}?dryRun=All&fieldValidation=Ignore`, body, { 'Content-Type': 'application/yaml' });
    }), { numRuns: 10 });
  }, 60_000);

  it('media types that nobody has heard of', async () => {
    const word = fc.constantFrom('application', 'json', 'yaml', 'vnd.kubernetes.protobuf', '*', '/', ';', ',', 'q=', '0.5', '9'.repeat(400), 'as=Table', 'as=', 'v=v1', 'g=meta.k8s.io', 'charset=utf-8', 'stream=watch', ' ', '"', '=', '+', 'x'.repeat(2000));
    const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(''));
    await fc.assert(fc.asyncProperty(text, text, async (accept, type) => {
      for (const path of [`${maps}/m0`, maps, `${gadgets}/there`, '/apis', '/openapi/v2', '/openapi/v3/apis/apps/v1', '/version'])
        expect([200, 406]).toContain(await answered('GET', path, undefined, { Accept: accept }));
      await answered('POST', `${maps}?dryRun=All`, Buffer.from('{"metadata":{"name":"q"}}'), { 'Content-Type': type, Accept: accept });
      await answered('PATCH', `${maps}/m0?dryRun=All&fieldManager=f`, Buffer.from('{}'), { 'Content-Type': type, Accept: accept });
      await answered('DELETE', `${maps}/m0`, Buffer.from('{"dryRun":["All"]}'), { 'Content-Type': type, Accept: accept });
    }), { numRuns: 60 });
  }, 60_000);

  it('deletions by selectors and options that lie, which take nothing but what they select', async () => {
    const names = async (): Promise<string[]> => ((await api.get<{ items: { metadata: { name: string } }[] }>(`${maps}?labelSelector=i`)).body.items.map(({ metadata }) => metadata.name));
    const before = await names();
    const query = fc.constantFrom('labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch', 'limit', 'continue', 'propagationPolicy', 'gracePeriodSeconds', 'orphanDependents');
    const value = fc.oneof(fc.string(), fc.constantFrom('i in (', 'i=9', 'metadata.name=none', 'metadata.nam=m1', '-1', '1e3', 'Exact', 'Background', 'Nothing', 'yes', '\u0000'));
    const body = fc.oneof(
      fc.constant(''),
      fc.json(),
      fc.constantFrom(
        '{"preconditions":{"uid":"x"}}',
        '{"preconditions":{"uid":1}}',
        '{"propagationPolicy":"x"}',
        '{"gracePeriodSeconds":-1}',
        '{"gracePeriodSeconds":1.5}',
        '{"dryRun":["Some"]}',
      ),
    );
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(query, value), { minLength: 1, maxLength: 3 }), body, async (parts, options) => {
      // What is selected besides is none of the five.
      const text = new URLSearchParams([...parts.filter(([key]) => key !== 'labelSelector'), ['labelSelector', parts.find(([key]) => key === 'labelSelector')?.[1] ?? 'i=9']]).toString();
      const sent = options === '' ? {} : { body: Buffer.from(options), headers: { 'Content-Type': 'application/json' } };
      const safe = parts.some(([key]) => key === 'labelSelector') ? '&dryRun=All' : '';
      const { code } = await api.call('DELETE', `${maps}?${text}${safe}`, sent);
      if (code >= 500) expect(code).toBe(504);
      expect(await names()).toEqual(before);
    }), { numRuns: 80 });
  }, 120_000);

  it('continue tokens that lie', async () => {
    const { body } = await api.get<{ metadata: { continue: string; resourceVersion: string } }>(`${maps}?limit=2`);
    const truth = Buffer.from(body.metadata.continue, 'base64url');
    const token = fc.oneof(
      damaged(truth).map((bytes) => bytes.toString('base64url')),
      fc.string(),
      fc.base64String(),
      fc
        .record({
          v: fc.constantFrom('meta.k8s.io/v1', 'v2', ''),
          rv: fc.constantFrom(-1, 0, 1, 2 ** 60, Number(body.metadata.resourceVersion)),
          start: fc.constantFrom('', '../../secrets', 'm1\0', '/', 'default/m1\0'),
        })
        .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    );
    await fc.assert(fc.asyncProperty(token, async (lie) => {
      const { code, body: list } = await api.get<Status>(`${maps}?limit=2&continue=${encodeURIComponent(lie)}`);
      expect([200, 400, 410]).toContain(code);
      // Never more than what there is to see.
      if (code === 200) expect((list.items ?? []).length).toBeLessThanOrEqual(6);
    }), { numRuns: 150 });
  }, 60_000);

  it('selectors, versions and other queries', async () => {
    const query = fc.constantFrom(
      'labelSelector',
      'fieldSelector',
      'resourceVersion',
      'resourceVersionMatch',
      'limit',
      'timeoutSeconds',
      'pretty',
      'sendInitialEvents',
      'allowWatchBookmarks',
      'dryRun',
      'fieldValidation',
      'fieldManager',
      'force',
    );
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
