import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Meta { name: string; namespace?: string; uid: string; resourceVersion: string; generation?: number; creationTimestamp: string; deletionTimestamp?: string; finalizers?: string[]; managedFields?: { manager: string; operation: string }[]; labels?: Record<string, string> }
interface Any { kind: string; apiVersion: string; metadata: Meta & { continue?: string; remainingItemCount?: number }; items: Any[]; code?: number; reason?: string; message?: string; status?: unknown; data?: Record<string, string>; spec: Record<string, unknown>; details?: Record<string, unknown> }

const configMap = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });
const maps = '/api/v1/namespaces/default/configmaps';
const deployment = (name: string, image = 'nginx:1') => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image }] } } },
});
const deployments = '/apis/apps/v1/namespaces/default/deployments';

describe('the REST API', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;

  beforeAll(async () => {
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint });
    api = await RestClient.of(server);
  }, 60_000);

  afterAll(async () => {
    api.close();
    await server.stop();
    await etcd.stop();
  });

  describe('objects', () => {
    it('are created with what only the server sets, and read back', async () => {
      const created = await api.post<Any>(maps, configMap('first', { a: 'b' }));
      expect(created.code).toBe(201);
      expect(created.body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'default' }, data: { a: 'b' } });
      expect(created.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.body.metadata.creationTimestamp).toMatch(/Z$/);
      const read = await api.get<Any>(`${maps}/first`);
      expect(read.code).toBe(200);
      expect(read.body).toEqual(created.body);
    });

    it('of the same name are refused', async () => {
      await api.post(maps, configMap('twice'));
      const again = await api.post<Any>(maps, configMap('twice'));
      expect(again.code).toBe(409);
      expect(again.body).toMatchObject({ kind: 'Status', reason: 'AlreadyExists', message: 'configmaps "twice" already exists', details: { name: 'twice', kind: 'configmaps' } });
    });

    it('get names from generateName', async () => {
      const created = await api.post<Any>(maps, { metadata: { generateName: 'gen-' } });
      expect(created.body.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
    });

    it('that do not exist are not found', async () => {
      const missing = await api.get<Any>(`${maps}/none`);
      expect(missing).toMatchObject({ code: 404, body: { reason: 'NotFound', message: 'configmaps "none" not found' } });
      expect((await api.put<Any>(`${maps}/none`, configMap('none'))).code).toBe(404);
      expect((await api.delete<Any>(`${maps}/none`)).code).toBe(404);
    });

    it('are replaced only at the version the client has seen', async () => {
      const { body } = await api.post<Any>(maps, configMap('versions', { n: '1' }));
      const replaced = await api.put<Any>(`${maps}/versions`, { ...body, data: { n: '2' } });
      expect(replaced.code).toBe(200);
      expect(Number(replaced.body.metadata.resourceVersion)).toBeGreaterThan(Number(body.metadata.resourceVersion));
      const stale = await api.put<Any>(`${maps}/versions`, { ...body, data: { n: '3' } });
      expect(stale).toMatchObject({
        code: 409,
        body: { reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "versions": the object has been modified; please apply your changes to the latest version and try again' },
      });
    });

    it('are not written when nothing changes', async () => {
      const { body } = await api.post<Any>(maps, configMap('same', { n: '1' }));
      const again = await api.put<Any>(`${maps}/same`, body);
      expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
      const patched = await api.patch<Any>(`${maps}/same`, 'merge', { data: { n: '1' } });
      expect(patched.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    });

    it('are only tried with dryRun', async () => {
      expect((await api.post<Any>(`${maps}?dryRun=All`, configMap('dry'))).code).toBe(201);
      expect((await api.get<Any>(`${maps}/dry`)).code).toBe(404);
    });

    it('count generations by their spec, not by their status', async () => {
      const { body } = await api.post<Any>(deployments, deployment('generations'));
      expect(body.metadata.generation).toBe(1);
      const scaled = await api.patch<Any>(`${deployments}/generations`, 'merge', { spec: { replicas: 3 } });
      expect(scaled.body.metadata.generation).toBe(2);
      const status = await api.patch<Any>(`${deployments}/generations/status`, 'merge', { spec: { replicas: 9 }, status: { replicas: 3 } });
      expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3 } });
    });

    it('wait for their finalizers', async () => {
      await api.post(maps, { metadata: { name: 'kept', finalizers: ['example.com/keep'] } });
      const deleted = await api.delete<Any>(`${maps}/kept`);
      expect(deleted.body.metadata.deletionTimestamp).toBeDefined();
      const freed = await api.patch<Any>(`${maps}/kept`, 'json', [{ op: 'remove', path: '/metadata/finalizers' }]);
      expect(freed.code).toBe(200);
      expect((await api.get<Any>(`${maps}/kept`)).code).toBe(404);
    });

    it('are deleted with a Status that says what was', async () => {
      const { body } = await api.post<Any>(maps, configMap('gone'));
      const deleted = await api.delete<Any>(`${maps}/gone`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: body.metadata.uid } });
      expect(deleted).toMatchObject({ code: 200, body: { kind: 'Status', status: 'Success', details: { name: 'gone', kind: 'configmaps', uid: body.metadata.uid } } });
    });

    it('that wait for their dependents are answered with a 202 for the older option alone', async () => {
      for (const [options, code] of [[{ propagationPolicy: 'Foreground' }, 200], [{ orphanDependents: false }, 202]] as const) {
        await api.post(maps, { metadata: { name: 'waiting', finalizers: ['example.com/keep'] } });
        expect((await api.delete(`${maps}/waiting`, options)).code).toBe(code);
        await api.patch(`${maps}/waiting`, 'merge', { metadata: { finalizers: null } });
      }
    });

    it('are not deleted when a precondition does not hold', async () => {
      await api.post(maps, configMap('guarded'));
      const refused = await api.delete<Any>(`${maps}/guarded`, { preconditions: { uid: 'other' } });
      expect(refused).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    });

    it('of one kind go together, as far as a selector selects them', async () => {
      for (const name of ['bulk-1', 'bulk-2', 'bulk-3']) await api.post(maps, { metadata: { name, labels: { bulk: name === 'bulk-3' ? 'no' : 'yes' } } });
      const deleted = await api.delete<Any>(`${maps}?labelSelector=bulk%3Dyes`);
      expect(deleted.body.items.map(({ metadata }) => metadata.name)).toEqual(['bulk-1', 'bulk-2']);
      expect((await api.get<Any>(`${maps}?labelSelector=bulk`)).body.items.map(({ metadata }) => metadata.name)).toEqual(['bulk-3']);
    });
  });

  describe('many writers', () => {
    it('of one key all come through by patches, each exactly once', async () => {
      await api.post(maps, configMap('contended'));
      await Promise.all(Array.from({ length: 40 }, (_, i) => api.patch(`${maps}/contended`, 'merge', { data: { [`k${i}`]: 'x' } })));
      expect(Object.keys((await api.get<Any>(`${maps}/contended`)).body.data ?? {})).toHaveLength(40);
    });

    it('through two servers lose no write either', async () => {
      const other = await startTestApiserver({ etcd: etcd.endpoint, pki: server.pki, flags: ['--advertise-address=192.0.2.2'] });
      const second = await RestClient.of(other);
      try {
        await api.post(maps, configMap('shared'));
        await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? api : second).patch(`${maps}/shared`, 'merge', { data: { [`k${i}`]: 'x' } })));
        expect(Object.keys((await second.get<Any>(`${maps}/shared`)).body.data ?? {})).toHaveLength(20);
      } finally {
        second.close();
        await other.stop();
      }
    }, 30_000);
  });

  describe('patches', () => {
    it('of all four types do what they say', async () => {
      await api.post(deployments, deployment('patched'));
      const path = `${deployments}/patched`;
      const strategic = await api.patch<Any>(path, 'strategic', { spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } } });
      const template = strategic.body.spec['template'] as { spec: { containers: { name: string }[] } };
      expect(template.spec.containers.map(({ name }) => name)).toEqual(['side', 'c']);
      const json = await api.patch<Any>(path, 'json', [{ op: 'replace', path: '/spec/replicas', value: 7 }]);
      expect(json.body.spec['replicas']).toBe(7);
      const applied = await api.patch<Any>(`${path}?fieldManager=me`, 'apply', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'patched' }, spec: { paused: true } });
      expect(applied.body.spec['paused']).toBe(true);
      expect(applied.body.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: 'me', operation: 'Apply' }));
    });

    it('by server-side apply conflict on fields of others unless forced', async () => {
      await api.patch(`${deployments}/owned?fieldManager=one`, 'apply', deployment('owned'));
      const conflicting = { ...deployment('owned'), spec: { ...deployment('owned').spec, replicas: 5 } };
      const refused = await api.patch<Any>(`${deployments}/owned?fieldManager=two`, 'apply', conflicting);
      expect(refused).toMatchObject({ code: 409, body: { reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas' } });
      expect((await api.patch<Any>(`${deployments}/owned?fieldManager=two&force=true`, 'apply', conflicting)).body.spec['replicas']).toBe(5);
    });

    it('need a content type that is one', async () => {
      expect((await api.call<Any>('PATCH', `${maps}/first`, { body: {}, headers: { 'Content-Type': 'application/json' } })).code).toBe(415);
    });
  });

  describe('bad input', () => {
    it.each([
      ['no JSON', '{"metadata":', 400, 'BadRequest'],
      ['another kind', JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }), 400, 'BadRequest'],
      ['another version', JSON.stringify({ apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'x' } }), 400, 'BadRequest'],
      ['a wrong type', JSON.stringify({ metadata: { name: 'x' }, data: { a: 1 } }), 400, 'BadRequest'],
      ['no name', JSON.stringify({ metadata: {} }), 422, 'Invalid'],
      ['a bad name', JSON.stringify({ metadata: { name: 'A_b' } }), 422, 'Invalid'],
      ['another namespace', JSON.stringify({ metadata: { name: 'x', namespace: 'other' } }), 400, 'BadRequest'],
      ['a version', JSON.stringify({ metadata: { name: 'x', resourceVersion: '5' } }), 400, 'BadRequest'],
    ])('with %s is refused', async (_what, body, code, reason) => {
      expect(await api.call<Any>('POST', maps, { body })).toMatchObject({ code, body: { kind: 'Status', status: 'Failure', reason } });
    });

    it('of a media type nobody reads is a 415, one nobody writes a 406', async () => {
      expect((await api.call<Any>('POST', maps, { body: 'x', headers: { 'Content-Type': 'text/plain' } })).code).toBe(415);
      expect((await api.get<Any>(maps, { Accept: 'text/html' })).code).toBe(406);
    });

    it('is reported as the client asks', async () => {
      const body = { metadata: { name: 'strict' }, datum: {} };
      expect(await api.post<Any>(`${maps}?fieldValidation=Strict`, body)).toMatchObject({ code: 400, body: { message: expect.stringContaining('strict decoding error: unknown field "datum"') as string } });
      expect((await api.post<Any>(maps, body)).headers['warning']).toBe('299 - "unknown field \\"datum\\""');
    });

    it('over 3 MiB is too large', async () => {
      expect((await api.post<Any>(maps, configMap('large', { a: 'x'.repeat(3 * 1024 * 1024) }))).code).toBe(413);
    });

    it('in a path does not end anything', async () => {
      for (const path of ['/api/v1/namespaces/%zz/pods', '/apis/nothing/v1/x', '/api/v1/nothing', '/%00', `/api/v1/namespaces/${'x'.repeat(5000)}/pods`]) {
        expect((await api.get(path)).code).toBeGreaterThanOrEqual(200);
      }
      expect((await api.get('/readyz')).code).toBe(200);
    });
  });

  describe('lists', () => {
    const pages = '/api/v1/namespaces/default/secrets';

    beforeAll(async () => {
      await Promise.all(Array.from({ length: 25 }, (_, i) => api.post(pages, { metadata: { name: `s${String(i).padStart(2, '0')}`, labels: { odd: String(i % 2) } } })));
    });

    it('and single objects are answered without parsing what is stored, but once for its labels', async () => {
      await api.get(`${pages}?labelSelector=odd%3D1`);
      const parse = jest.spyOn(JSON, 'parse');
      try {
        const answers = [await api.get(pages), await api.get(`${pages}?labelSelector=odd%3D1`), await api.get(`${pages}/s07`), await api.get(`${pages}?resourceVersion=0`)];
        expect(answers.map(({ code, raw }) => [code, raw.includes('"s07"')])).toEqual(Array(4).fill([200, true]));
        const parsed = parse.mock.calls.map(([text]) => text).filter((text) => text.includes('"s07"'));
        // By this test's own client.
        expect(parsed.map((text) => text.length)).toEqual(answers.map(({ raw }) => raw.length));
      } finally {
        parse.mockRestore();
      }
    });

    it('come in pages of one moment, whatever is written between', async () => {
      const first = await api.get<Any>(`${pages}?limit=10`);
      expect(first.body.items).toHaveLength(10);
      expect(first.body.metadata.remainingItemCount).toBe(15);
      await api.post(pages, { metadata: { name: 's99-late' } });
      await api.delete(`${pages}/s15`);
      const names = first.body.items.map(({ metadata }) => metadata.name);
      let token = first.body.metadata.continue ?? '';
      while (token !== '') {
        const page = await api.get<Any>(`${pages}?limit=10&continue=${token}`);
        expect(page.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
        names.push(...page.body.items.map(({ metadata }) => metadata.name));
        token = page.body.metadata.continue ?? '';
      }
      expect(names).toEqual(Array.from({ length: 25 }, (_, i) => `s${String(i).padStart(2, '0')}`));
    });

    it('of the past are exact', async () => {
      const before = (await api.get<Any>(pages)).body.metadata.resourceVersion;
      await api.post(pages, { metadata: { name: 'after' } });
      const then = await api.get<Any>(`${pages}?resourceVersion=${before}&resourceVersionMatch=Exact`);
      expect(then.body.items.map(({ metadata }) => metadata.name)).not.toContain('after');
      const now = await api.get<Any>(`${pages}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`);
      expect(now.body.items.map(({ metadata }) => metadata.name)).toContain('after');
    });

    it('of the future are refused after a while', async () => {
      const version = (await api.get<Any>(pages)).body.metadata.resourceVersion;
      const future = await api.get<Any>(`${pages}?resourceVersion=${Number(version) + 1_000_000}`);
      expect(future).toMatchObject({ code: 504, body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } });
    }, 10_000);

    it('select by labels and fields, and refuse fields that do not exist', async () => {
      expect((await api.get<Any>(`${pages}?labelSelector=odd%3D1&fieldSelector=metadata.name%3Ds03`)).body.items).toHaveLength(1);
      expect((await api.get<Any>(`${pages}?fieldSelector=type%3DOpaque`)).body.items.length).toBeGreaterThan(20);
      expect(await api.get<Any>(`${maps}?fieldSelector=data%3Dx`)).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
      expect((await api.get<Any>(`${pages}?labelSelector=%3D%3D`)).code).toBe(400);
    });

    it('are tables or metadata when that is wanted', async () => {
      const table = await api.get<{ kind: string; columnDefinitions: { name: string }[]; rows: { cells: unknown[]; object: Any }[] }>(maps, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
      expect(table.body.kind).toBe('Table');
      expect(table.body.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
      expect(table.body.rows.find(({ cells }) => cells[0] === 'first')).toMatchObject({ cells: ['first', 1, expect.any(String)], object: { kind: 'PartialObjectMetadata', metadata: { name: 'first' } } });
      const partial = await api.get<Any>(`${maps}/first`, { Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' });
      expect(partial.body.kind).toBe('PartialObjectMetadata');
      expect(partial.body.data).toBeUndefined();
    });

    it('are compressed when they are large and the client takes that', async () => {
      await Promise.all(Array.from({ length: 4 }, (_, i) => api.post(maps, configMap(`big-${i}`, { a: 'x'.repeat(100_000) }))));
      const plain = await api.get<Any>(maps);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.body.items.length).toBeGreaterThan(4);
      const zipped = await api.get(maps, { 'Accept-Encoding': 'gzip' });
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(zipped.raw.length).toBeLessThan(plain.raw.length / 10);
    });
  });

  describe('Services', () => {
    const services = '/api/v1/namespaces/default/services';
    const service = (name: string, spec: Record<string, unknown> = {}) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec } });

    it('are given addresses and node ports, which are free again afterwards', async () => {
      const { body } = await api.post<Any>(services, service('web', { type: 'NodePort' }));
      const address = body.spec['clusterIP'] as string;
      const [{ nodePort } = { nodePort: 0 }] = body.spec['ports'] as { nodePort: number }[];
      expect(address).toMatch(/^10\./);
      expect(nodePort).toBeGreaterThanOrEqual(30000);
      expect((await api.get<Any>(`/apis/networking.k8s.io/v1/ipaddresses/${address}`)).code).toBe(200);
      const taken = await api.post<Any>(services, service('other', { clusterIP: address }));
      expect(taken).toMatchObject({ code: 422, body: { message: expect.stringContaining('provided IP is already allocated') as string } });
      const port = await api.post<Any>(services, service('third', { type: 'NodePort', ports: [{ port: 80, nodePort }] }));
      expect(port).toMatchObject({ code: 422, body: { message: expect.stringContaining('provided port is already allocated') as string } });
      await api.delete(`${services}/web`);
      expect((await api.post<Any>(services, service('other', { clusterIP: address, type: 'NodePort', ports: [{ port: 80, nodePort }] }))).code).toBe(201);
    });

    it('of many clients at once never share an address', async () => {
      const made = await Promise.all(Array.from({ length: 30 }, (_, i) => api.post<Any>(services, service(`many-${i}`))));
      expect(new Set(made.map(({ body }) => body.spec['clusterIP'])).size).toBe(30);
    });

    it('keep their address in updates, and give up node ports with their type', async () => {
      const { body } = await api.post<Any>(services, service('typed', { type: 'NodePort' }));
      const patched = await api.patch<Any>(`${services}/typed`, 'merge', { spec: { type: 'ClusterIP' } });
      expect(patched.body.spec['clusterIP']).toBe(body.spec['clusterIP']);
      expect((patched.body.spec['ports'] as { nodePort?: number }[])[0]?.nodePort).toBeUndefined();
    });

    it('include kubernetes itself, with its endpoints', async () => {
      expect((await api.get<Any>(`${services}/kubernetes`)).body.spec['clusterIP']).toBe('10.96.0.1');
      expect((await api.get<{ endpoints: { addresses: string[] }[] }>('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')).body.endpoints).toContainEqual(expect.objectContaining({ addresses: ['192.0.2.1'] }));
    });
  });

  describe('who asks', () => {
    it('without credentials sees only what everybody may', async () => {
      const anonymous = await RestClient.of(server, true);
      expect((await anonymous.get('/version')).code).toBe(200);
      expect(await anonymous.get<Any>(maps)).toMatchObject({
        code: 403,
        body: { reason: 'Forbidden', message: 'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"' },
      });
      expect((await anonymous.get('/api/v1/pods', {})).code).toBe(403);
      anonymous.close();
    });

    it('with a bad token is nobody', async () => {
      const anonymous = await RestClient.of(server, true);
      expect(await anonymous.get<Any>(maps, { Authorization: 'Bearer nonsense' })).toMatchObject({ code: 401, body: { reason: 'Unauthorized', message: 'Unauthorized' } });
      anonymous.close();
    });

    it('may act as another user, with that user\'s rights', async () => {
      expect((await api.get<Any>(maps, { 'Impersonate-User': 'nobody' })).code).toBe(403);
      expect((await api.get<Any>(maps, { 'Impersonate-User': 'boss', 'Impersonate-Group': 'system:masters' })).code).toBe(200);
    });
  });

  describe('two versions of one object', () => {
    it('are two names for the same Event', async () => {
      await api.post('/apis/events.k8s.io/v1/namespaces/default/events', {
        metadata: { name: 'e1' }, eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'test', reportingInstance: 'test-1', action: 'Testing', reason: 'Tested', type: 'Normal', note: 'hello',
        regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      });
      const core = await api.get<{ message: string; involvedObject: { name: string } }>('/api/v1/namespaces/default/events/e1');
      expect(core.body).toMatchObject({ apiVersion: 'v1', message: 'hello', involvedObject: { name: 'p' } });
      expect((await api.get<Any>('/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp')).body.items).toHaveLength(1);
    });
  });
});
