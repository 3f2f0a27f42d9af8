import { RestClient, type TestApiserver } from '../testing';
import { configMap, deployment, deployments, maps } from './plain-objects';
import { useTestApi } from './use-test-api';

interface Any { kind: string; metadata: { managedFields?: { manager: string; operation: string }[] }; reason?: string; message?: string; spec: Record<string, unknown> }

describe('the REST API', () => {
  let server: TestApiserver;
  let api: RestClient;

  useTestApi((running) => {
    ({ api, server } = running);
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

    it('by server-side apply write nothing when the server only words it differently', async () => {
      const spoken = deployment('spoken');
      const container = { ...spoken.spec.template.spec.containers[0], resources: { limits: { memory: '2048Mi' } } };
      const config = { ...spoken, spec: { ...spoken.spec, template: { ...spoken.spec.template, spec: { containers: [container] } } } };
      const stored = await api.patch<Any>(`${deployments}/spoken?fieldManager=one`, 'apply', config);
      const { managedFields } = stored.body.metadata;
      // As if it had been applied a while ago: a time has the second for its unit.
      const before = await api.patch<Any>(`${deployments}/spoken`, 'merge', { metadata: { managedFields: managedFields?.map((entry) => ({ ...entry, time: '2024-01-01T00:00:00Z' })) } });
      expect((await api.patch<Any>(`${deployments}/spoken?fieldManager=one`, 'apply', config)).body).toEqual(before.body);
    });

    it('by server-side apply own what they say null of, and store what Go has for it', async () => {
      const { spec } = deployment('nulls');
      const config = { ...deployment('nulls'), metadata: { name: 'nulls', annotations: { a: null } }, spec: { ...spec, replicas: null, template: { ...spec.template, metadata: { ...spec.template.metadata, creationTimestamp: null } } } };
      const made = await api.patch<Any>(`${deployments}/nulls?fieldManager=one`, 'apply', config);
      expect(made).toMatchObject({ code: 201, body: { metadata: { annotations: { a: '' } }, spec: { replicas: 1 } } });
      expect(made.body.spec['template']).not.toHaveProperty('metadata.creationTimestamp');
      expect(made.body.metadata.managedFields).toEqual([expect.objectContaining({
        fieldsV1: expect.objectContaining({ 'f:spec': expect.objectContaining({ 'f:replicas': {}, 'f:template': expect.objectContaining({ 'f:metadata': expect.objectContaining({ 'f:creationTimestamp': {} }) as object }) as object }) as object }) as object,
      })]);
      expect((await api.patch<Any>(`${deployments}/nulls?fieldManager=one`, 'apply', config)).body).toEqual(made.body);
    });

    it('by server-side apply of a Scale own the replicas', async () => {
      await api.patch(`${deployments}/scaled?fieldManager=one`, 'apply', deployment('scaled'));
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas: 5 } };
      const refused = await api.patch<Any>(`${deployments}/scaled/scale?fieldManager=two`, 'apply', scale);
      expect(refused).toMatchObject({ code: 409, body: { message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas' } });
      expect((await api.patch<Any>(`${deployments}/scaled/scale?fieldManager=two&force=true`, 'apply', scale)).body.spec['replicas']).toBe(5);
      const { managedFields } = (await api.get<Any>(`${deployments}/scaled`)).body.metadata;
      expect(managedFields).toContainEqual(expect.objectContaining({ manager: 'two', apiVersion: 'apps/v1', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }));
      expect(JSON.stringify(managedFields?.find(({ manager }) => manager === 'one'))).not.toContain('f:replicas');
    });

    it('end the keeping of managedFields with none', async () => {
      await api.post(maps, configMap('untracked', { a: '1' }));
      await api.put(`${maps}/untracked`, { metadata: { name: 'untracked', managedFields: [] }, data: { a: '1' } });
      expect((await api.patch<Any>(`${maps}/untracked`, 'merge', { data: { a: '2' } })).body.metadata).not.toHaveProperty('managedFields');
      // Of a template they say nothing.
      const template = { metadata: { labels: { a: 'b' }, managedFields: [] }, spec: { containers: [{ name: 'c', image: 'i' }] } };
      const made = await api.post<Any>('/api/v1/namespaces/default/podtemplates', { metadata: { name: 'untracked' }, template });
      expect([made.code, (made.body as unknown as { template: { metadata: object } }).template.metadata]).toEqual([201, { labels: { a: 'b' } }]);
    });

    it('need a content type that is one', async () => {
      expect((await api.call<Any>('PATCH', `${maps}/first`, { body: {}, headers: { 'Content-Type': 'application/json' } })).code).toBe(415);
    });
  });

  describe('bodies', () => {
    it('may begin the core group with its slash, wherever they say a version', async () => {
      const named = { apiVersion: '/v1', kind: 'ConfigMap', metadata: { name: 'slash' }, data: { a: '1' } };
      expect(await api.post<Any>(maps, named)).toMatchObject({ code: 201, body: { apiVersion: 'v1', kind: 'ConfigMap' } });
      expect(await api.put<Any>(`${maps}/slash`, { ...named, data: { a: '2' } })).toMatchObject({ code: 200, body: { apiVersion: 'v1' } });
      expect(await api.patch<Any>(`${maps}/slash?fieldManager=one&force=true`, 'apply', named)).toMatchObject({ code: 200, body: { apiVersion: 'v1', data: { a: '1' } } });
      expect(await api.patch<Any>(`${maps}/slash`, 'merge', { apiVersion: '/v1' })).toMatchObject({ code: 200, body: { apiVersion: 'v1' } });
      expect((await api.post<Any>(maps, { ...named, apiVersion: '/', metadata: { name: 'only-slash' } })).code).toBe(201);
      expect(await api.post<Any>(maps, { ...named, apiVersion: 'a/b/v1' })).toMatchObject({
        code: 400, body: { message: expect.stringMatching(/^the object provided is unrecognized \(must be of type ConfigMap\): unexpected GroupVersion string: a\/b\/v1 \(/) as string },
      });
    });

    it('stay of their kind whatever a patch says', async () => {
      await api.post(maps, configMap('kind', {}));
      expect(await api.patch<Any>(`${maps}/kind`, 'merge', { kind: 'Secret' })).toMatchObject({
        code: 422,
        body: { reason: 'Invalid', message: expect.stringContaining('converting (v1.Secret) to (core.ConfigMap): unknown conversion') as string },
      });
      expect(await api.patch<Any>(`${maps}/kind`, 'json', [{ op: 'replace', path: '/kind', value: 'Odd' }])).toMatchObject({ code: 422, body: { message: expect.stringContaining('no kind "Odd" is registered') as string } });
      expect(await api.patch<Any>(`${maps}/kind`, 'strategic', { kind: 'Odd' })).toMatchObject({ code: 200, body: { kind: 'ConfigMap' } });
    });

    it('with a version make nothing, but may ask what would be made', async () => {
      const versioned = { metadata: { name: 'versioned', resourceVersion: '5' } };
      expect((await api.post<Any>(maps, versioned)).body).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'resourceVersion should not be set on objects to be created', code: 500 });
      expect((await api.post<Any>(`${maps}?dryRun=All`, versioned)).code).toBe(201);
      expect((await api.post<Any>(maps, { metadata: { name: 'versioned', resourceVersion: '0' } })).code).toBe(201);
    });
  });

  describe('deletes', () => {
    it('do what their body says, and look at the query only without one', async () => {
      await api.post(maps, { ...configMap('two-minds', {}), metadata: { name: 'two-minds', finalizers: ['example.com/hold'] } });
      const at = `${maps}/two-minds`;
      await api.delete(`${at}?dryRun=All&propagationPolicy=Nothing`, { propagationPolicy: 'Background' });
      const { metadata } = (await api.get<{ metadata: { deletionTimestamp?: string; finalizers?: string[] } }>(at)).body;
      expect(metadata).toMatchObject({ deletionTimestamp: expect.any(String) as string, finalizers: ['example.com/hold'] });
      expect((await api.post<Any>(maps, configMap('two-minds', {}))).body).toMatchObject({ reason: 'AlreadyExists', message: 'object is being deleted: configmaps "two-minds" already exists' });
      await api.patch(at, 'merge', { metadata: { finalizers: null } });
    });

    it('of events never make them wait for what depends on them', async () => {
      const event = { metadata: { name: 'lonely', finalizers: ['example.com/hold'] }, involvedObject: { namespace: 'default' } };
      for (const [path, body] of [['/api/v1/namespaces/default/events', event], [maps, { ...configMap('lonely', {}), metadata: event.metadata }]] as const) {
        await api.post(path, body);
        await api.delete(`${path}/lonely?propagationPolicy=Foreground`);
        const { finalizers } = (await api.get<{ metadata: { finalizers?: string[] } }>(`${path}/lonely`)).body.metadata;
        expect(finalizers).toEqual(path === maps ? ['example.com/hold', 'foregroundDeletion'] : ['example.com/hold']);
        await api.patch(`${path}/lonely`, 'merge', { metadata: { finalizers: null } });
      }
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
});
