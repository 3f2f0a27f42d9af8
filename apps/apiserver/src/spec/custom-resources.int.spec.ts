import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { type Body, definition, DEFINITIONS, installDefinition, soon, version, widget } from './widgets';

jest.setTimeout(60_000);

const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';

let etcd: TestEtcd;
let server: TestApiserver;
let client: RestClient;

const install = (body: object, path: string): Promise<void> => installDefinition(client, body, path);

beforeAll(async () => {
  etcd = await startEtcd();
  server = await startTestApiserver({ etcd: etcd.endpoint });
  client = await RestClient.of(server);
  await install(definition('widgets', 'Widget'), WIDGETS);
});
afterAll(async () => {
  client.close();
  await server.stop();
  await etcd.stop();
});

describe('a definition', () => {
  it('is established, discovered and published', async () => {
    const { body } = await client.get<Body>(`${DEFINITIONS}/widgets.example.com`);
    expect(body.status).toMatchObject({ acceptedNames: { plural: 'widgets' }, storedVersions: ['v1'], conditions: [{ type: 'NamesAccepted', status: 'True' }, { type: 'Established', status: 'True' }] });
    const list = await client.get<{ resources: { name: string; shortNames?: string[]; categories?: string[] }[] }>('/apis/example.com/v1');
    expect(list.body.resources.map(({ name }) => name)).toEqual(['widgets', 'widgets/status', 'widgets/scale']);
    expect(list.body.resources[0]).toMatchObject({ shortNames: ['wix'], categories: ['all'] });
    const aggregated = await client.get<{ items: { metadata: { name: string } }[] }>('/apis', { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' });
    expect(aggregated.body.items.map(({ metadata }) => metadata.name)).toContain('example.com');
    const v3 = await client.get<{ components: { schemas: Record<string, { properties: Record<string, unknown> }> } }>('/openapi/v3/apis/example.com/v1');
    expect(v3.body.components.schemas['com.example.v1.Widget']?.properties).toHaveProperty('spec.properties.size.minimum', 1);
    const v2 = await client.get<{ definitions: Record<string, unknown> }>('/openapi/v2');
    expect(v2.body.definitions).toHaveProperty(['com.example.v1.Widget']);
  });

  it.each([
    [{ type: 'object', properties: { spec: {} } }, 'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields'],
    [{ type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.nope' }] } } }, "undefined field 'nope'"],
  ])('is refused for the schema %j', async (schema, message) => {
    const refused = await client.post<Body>(DEFINITIONS, definition('bads', 'Bad', [version('v1', { schema: { openAPIV3Schema: schema }, subresources: {}, selectableFields: [] })]));
    expect(refused.code).toBe(422);
    expect(refused.body.message).toContain(message);
  });

  it('does not get names that another has', async () => {
    await client.post(DEFINITIONS, definition('copies', 'Copy', [version('v1')], { names: { plural: 'copies', singular: 'copy', kind: 'Widget', listKind: 'CopyList' } }));
    await soon(async () => expect((await client.get<Body>(`${DEFINITIONS}/copies.example.com`)).body.status).toMatchObject({ conditions: [{ type: 'NamesAccepted', status: 'False', reason: 'KindConflict' }, { type: 'Established', status: 'False' }] }));
    expect((await client.get('/apis/example.com/v1/copies')).code).toBe(404);
    await client.delete(`${DEFINITIONS}/copies.example.com`);
  });
});

describe('a custom resource', () => {
  it('is never reached among built-in kinds, which stay what they are when it goes', async () => {
    const networking = '/apis/networking.k8s.io/v1';
    const policy = `${networking}/namespaces/default/networkpolicies/kept`;
    await client.post(`${networking}/namespaces/default/networkpolicies`, { metadata: { name: 'kept' }, spec: { podSelector: {} } });
    for (const [plural, kind] of [['foos', 'Foo'], ['networkpolicies', 'NetworkPolicy']] as const) {
      const body = definition(plural, kind, [version('v1'), { ...version('v9'), storage: false }], { group: 'networking.k8s.io' }) as Body;
      const created = await client.post<Body>(DEFINITIONS, { ...body, metadata: { name: `${plural}.networking.k8s.io`, annotations: { 'api-approved.kubernetes.io': 'unapproved, test-only' } } });
      expect([created.code, created.body.message]).toEqual([201, undefined]);
      await soon(async () => expect(JSON.stringify((await client.get<Body>(`${DEFINITIONS}/${plural}.networking.k8s.io`)).body.status)).toContain('"InitialNamesAccepted","status":"True","type":"Established"'));
    }
    const discovered = (await client.get<{ resources: { name: string }[] }>(networking)).body.resources.map(({ name }) => name);
    expect([discovered.filter((name) => name === 'networkpolicies').length, discovered.includes('foos'), (await client.get(`${networking}/namespaces/default/foos`)).code, (await client.get('/apis/networking.k8s.io/v9/namespaces/default/foos')).code]).toEqual([1, false, 404, 404]);
    for (const plural of ['foos', 'networkpolicies']) {
      await client.delete(`${DEFINITIONS}/${plural}.networking.k8s.io`);
      await soon(async () => expect((await client.get(`${DEFINITIONS}/${plural}.networking.k8s.io`)).code).toBe(404));
    }
    expect((await client.get<Body>(policy)).body.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
  });

  it('is created with a warning of finalizers that others may use too', async () => {
    const created = await client.post(WIDGETS, { ...widget('short'), metadata: { name: 'short', finalizers: ['short', 'example.com/full'] } });
    expect(created.headers['warning']).toBe('299 - "metadata.finalizers: \\"short\\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"');
    expect((await client.patch(`${WIDGETS}/short`, 'merge', { metadata: { labels: { a: 'b' } } })).headers['warning']).toBeUndefined();
    await client.patch(`${WIDGETS}/short`, 'merge', { metadata: { finalizers: null } });
    await client.delete(`${WIDGETS}/short`);
  });

  it('is defaulted, pruned, counted and kept', async () => {
    const created = await client.post<Body>(WIDGETS, { ...widget('one', { size: 3, unknown: true }), status: { phase: 'forged' } });
    expect([created.code, created.body.message]).toEqual([201, undefined]);
    expect(created.body).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { generation: 1 }, spec: { size: 3, colour: 'red' } });
    expect([created.body.spec, created.body.status]).toEqual([{ size: 3, colour: 'red' }, undefined]);
    const patched = await client.patch<Body>(`${WIDGETS}/one`, 'merge', { spec: { size: 4 } });
    expect(patched.body).toMatchObject({ metadata: { generation: 2 }, spec: { size: 4 } });
    const status = await client.patch<Body>(`${WIDGETS}/one/status`, 'merge', { spec: { size: 9 }, status: { phase: 'Ready', replicas: 2, selector: 'a=b' } });
    expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { size: 4 }, status: { phase: 'Ready' } });
  });

  it.each<[string, object, number, string]>([
    ['a rule of its schema', widget('bad', { size: 0 }), 422, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    ['a missing field', widget('bad', {}), 422, 'spec.size: Required value'],
    ['a wrong type', widget('bad', { size: 'x' }), 422, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'],
    ['the version of another kind', widget('bad', {}, 'apps/v1'), 400, 'the API version in the data (apps/v1) does not match the expected API version (example.com/v1)'],
    ['another kind', widget('bad', {}, 'example.com/v1', 'Gadget'), 422, 'kind: Invalid value: "Gadget": must be Widget'],
  ])('is refused for %s', async (_reason, body, code, message) => {
    const refused = await client.post<Body>(WIDGETS, body);
    expect(refused.code).toBe(code);
    expect(refused.body.message).toContain(message);
  });

  it('says what it does not know when it is asked to be strict', async () => {
    const refused = await client.post<Body>(`${WIDGETS}?fieldValidation=Strict`, widget('strict', { size: 1, siez: 2 }));
    expect([refused.code, refused.body.message]).toEqual([400, 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.siez"']);
    const text = JSON.stringify(widget('strict', { size: 1 })).replace('"metadata":{', '"metadata":{"nmae":"x",').replace('"size":1', '"size":1,"size":2');
    const both = await client.call<Body>('POST', `${WIDGETS}?fieldValidation=Strict`, { body: Buffer.from(text), headers: { 'Content-Type': 'application/json' } });
    expect([both.code, both.body.message]).toEqual([400, 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: duplicate field "spec.size", unknown field "metadata.nmae"']);
  });

  it('names what is wrong with a status from the status on, and looks at nothing else of its schema', async () => {
    await client.post(WIDGETS, widget('odd', { size: 1 }));
    const refused = await client.patch<Body>(`${WIDGETS}/odd/status`, 'merge', { spec: { size: 'x' }, status: { replicas: 'many' } });
    expect([refused.code, refused.body.message]).toEqual([422, expect.stringContaining('status.replicas: Invalid value: "string": replicas in body must be of type integer: "string"')]);
    expect((await client.patch<Body>(`${WIDGETS}/odd/status`, 'merge', { status: { phase: 'Ready' } })).code).toBe(200);
    await client.delete(`${WIDGETS}/odd`);
  });

  it('keeps what a transition rule protects', async () => {
    await client.post(WIDGETS, widget('fixed', { size: 1, colour: 'blue' }));
    const refused = await client.patch<Body>(`${WIDGETS}/fixed`, 'merge', { spec: { colour: 'green' } });
    expect([refused.code, refused.body.message]).toEqual([422, 'Widget.example.com "fixed" is invalid: spec.colour: Invalid value: colour is immutable']);
    const metrics = (await client.get('/metrics')).raw.toString();
    for (const stage of ['compilation', 'evaluation']) expect(metrics).toMatch(new RegExp(`^apiserver_cel_${stage}_duration_seconds_count [1-9]`, 'm'));
  });

  it('is selected by declared fields, shown in columns and as metadata', async () => {
    await client.post(WIDGETS, widget('blue', { size: 7, colour: 'cyan' }));
    expect((await client.get<Body>(`${WIDGETS}?fieldSelector=spec.colour=cyan`)).body).toMatchObject({ kind: 'WidgetList', items: [{ metadata: { name: 'blue' } }] });
    expect((await client.get<Body>(`${WIDGETS}?fieldSelector=spec.size=7`)).code).toBe(400);
    const table = await client.get<{ columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] }>(`${WIDGETS}/blue`, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Size', 'Age']);
    expect(table.body.rows[0]?.cells.slice(0, 2)).toEqual(['blue', 7]);
    expect((await client.get<Body>(`${WIDGETS}/blue`, { Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })).body).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'blue' } });
  });

  it('is scaled at the places its definition names', async () => {
    await client.post(WIDGETS, widget('scaled', { size: 1, replicas: 2 }));
    const scale = await client.get<Body>(`${WIDGETS}/scaled/scale`);
    expect(scale.body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 0 } });
    expect((await client.patch<Body>(`${WIDGETS}/scaled/scale`, 'merge', { spec: { replicas: 5 } })).body).toMatchObject({ spec: { replicas: 5 } });
    expect((await client.get<Body>(`${WIDGETS}/scaled`)).body.spec).toMatchObject({ replicas: 5 });
  });

  it('is applied by the keys of its lists, and conflicts are told', async () => {
    const apply = (manager: string, parts: object[]) => client.patch<Body>(`${WIDGETS}/applied?fieldManager=${manager}`, 'apply', widget('applied', { size: 1, parts }));
    expect((await apply('one', [{ name: 'a', weight: 1 }])).code).toBe(201);
    expect((await apply('two', [{ name: 'b', weight: 2 }])).body.spec).toMatchObject({ parts: [{ name: 'a', weight: 1 }, { name: 'b', weight: 2 }] });
    expect((await apply('two', [{ name: 'a', weight: 9 }])).code).toBe(409);
  });

  it('owns what it is applied with as a null, which stays one only where it may be', async () => {
    const applied = await client.patch<Body>(`${WIDGETS}/nulls?fieldManager=one`, 'apply', widget('nulls', { size: 1, replicas: null, colour: null }));
    expect(applied).toMatchObject({ code: 201, body: { metadata: { managedFields: [{ fieldsV1: { 'f:spec': { 'f:size': {}, 'f:replicas': {}, 'f:colour': {} } } }] } } });
    expect(applied.body.spec).toEqual({ size: 1, colour: 'red' });
    // Its metadata are Go's.
    const labelled = { ...widget('labelled'), metadata: { name: 'labelled', labels: { a: null }, annotations: null } };
    expect((await client.patch<Body>(`${WIDGETS}/labelled?fieldManager=one`, 'apply', labelled)).body.metadata).toMatchObject({ labels: { a: '' }, managedFields: [{ fieldsV1: { 'f:metadata': { 'f:annotations': {}, 'f:labels': { 'f:a': {} } } } }] });
  });

  it.each(['', '/status'])('keeps its name, whatever is patched at it%s', async (view) => {
    expect(await client.patch<Body>(`${WIDGETS}/one${view}`, 'merge', { metadata: null })).toMatchObject({ code: 400, body: { message: 'the name of the object (one based on URL) was undeterminable: name must be provided' } });
    expect(await client.patch<Body>(`${WIDGETS}/one${view}`, 'merge', { metadata: { name: 'two' } })).toMatchObject({ code: 400, body: { message: 'the name of the object (two) does not match the name on the URL (one)' } });
  });

  it('that was stored before its schema became stricter is spared where it does not change', async () => {
    const path = '/apis/example.com/v1/namespaces/default/ratchets';
    const schema = (pattern: string): object => ({ openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string', pattern }, b: { type: 'string' } } } } } });
    await install(definition('ratchets', 'Ratchet', [version('v1', { schema: schema('.*'), subresources: {}, additionalPrinterColumns: [], selectableFields: [] })]), path);
    expect((await client.post(path, widget('old', { a: 'UPPER', b: '1' }, 'example.com/v1', 'Ratchet'))).code).toBe(201);
    expect((await client.patch(`${DEFINITIONS}/ratchets.example.com`, 'json', [{ op: 'replace', path: '/spec/versions/0/schema', value: schema('^[a-z]+$') }])).code).toBe(200);
    await soon(async () => expect((await client.post(`${path}?dryRun=All`, widget('new', { a: 'UPPER' }, 'example.com/v1', 'Ratchet'))).code).toBe(422));
    expect((await client.patch(`${path}/old`, 'merge', { spec: { b: '2' } })).code).toBe(200);
    expect((await client.patch(`${path}/old`, 'merge', { spec: { a: 'OTHER' } })).code).toBe(422);
    expect((await client.patch(`${path}/old`, 'merge', { spec: { a: 'lower' } })).code).toBe(200);
  });

  it('that was stored before a rule came is spared where it does not change, with a warning', async () => {
    const path = '/apis/example.com/v1/namespaces/default/pawls';
    const schema = (...rules: object[]): object => ({ openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'integer', 'x-kubernetes-validations': rules }, b: { type: 'string' } } } } } });
    await install(definition('pawls', 'Pawl', [version('v1', { schema: schema(), subresources: {}, additionalPrinterColumns: [], selectableFields: [] })]), path);
    expect((await client.post(path, widget('old', { a: 3, b: '1' }, 'example.com/v1', 'Pawl'))).code).toBe(201);
    expect((await client.patch(`${DEFINITIONS}/pawls.example.com`, 'json', [{ op: 'replace', path: '/spec/versions/0/schema', value: schema({ rule: 'self % 2 == 0', message: 'must be even' }) }])).code).toBe(200);
    await soon(async () => expect((await client.post(`${path}?dryRun=All`, widget('new', { a: 3 }, 'example.com/v1', 'Pawl'))).code).toBe(422));
    const spared = await client.patch(`${path}/old`, 'merge', { spec: { b: '2' } });
    expect([spared.code, spared.headers['warning']]).toEqual([200, '299 - "spec.a: Invalid value: 3: must be even"']);
    expect((await client.patch(`${path}/old`, 'merge', { spec: { a: 5 } })).code).toBe(422);
  });

  it('takes no strategic merge patch and no protobuf', async () => {
    expect((await client.patch(`${WIDGETS}/one`, 'strategic', {})).code).toBe(415);
    expect((await client.call('POST', WIDGETS, { body: Buffer.from('k8s\0'), headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } })).code).toBe(415);
  });
});

describe('the end of a definition', () => {
  it('takes its objects along, and waits for those with finalizers', async () => {
    const path = '/apis/example.com/v1/namespaces/default/bolts';
    await install(definition('bolts', 'Bolt'), path);
    await client.post(path, { ...widget('free', { size: 1 }, 'example.com/v1', 'Bolt') });
    await client.post(path, { ...widget('held', { size: 1 }, 'example.com/v1', 'Bolt'), metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    expect((await client.delete(`${DEFINITIONS}/bolts.example.com`)).code).toBe(200);
    await soon(async () => expect((await client.get<Body>(path)).body.items?.map(({ metadata }) => metadata['name'])).toEqual(['held']));
    expect((await client.get<Body>(`${DEFINITIONS}/bolts.example.com`)).body.status?.['conditions']).toContainEqual(expect.objectContaining({ type: 'Terminating', status: 'True' }));
    const late = widget('late', { size: 1 }, 'example.com/v1', 'Bolt');
    const refused = { code: 405, body: { reason: 'MethodNotAllowed', message: 'create not allowed while custom resource definition is terminating' } };
    expect(await client.post(path, late)).toMatchObject(refused);
    expect(await client.patch(`${path}/late?fieldManager=a`, 'apply', late)).toMatchObject(refused);
    await client.patch(`${path}/held`, 'merge', { metadata: { finalizers: null } });
    await soon(async () => expect((await client.get(`${DEFINITIONS}/bolts.example.com`)).code).toBe(404));
    await soon(async () => expect((await client.get(path)).code).toBe(404));
  });

  it('takes them along too while no version is served any more', async () => {
    const path = '/apis/example.com/v1/namespaces/default/screws';
    const screws = definition('screws', 'Screw');
    await install(screws, path);
    await client.post(path, widget('one', { size: 1 }, 'example.com/v1', 'Screw'));
    await client.patch(`${DEFINITIONS}/screws.example.com`, 'merge', { spec: { versions: [version('v1', { served: false })] } });
    await soon(async () => expect((await client.get(path)).code).toBe(404));
    expect((await client.delete(`${DEFINITIONS}/screws.example.com`)).code).toBe(200);
    await soon(async () => expect((await client.get(`${DEFINITIONS}/screws.example.com`)).code).toBe(404));
    await install(screws, path);
    expect((await client.get<Body>(path)).body.items).toEqual([]);
  });
});
