import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually, startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

jest.setTimeout(60_000);

type Body = Record<string, unknown> & { metadata: Record<string, unknown>; spec?: Record<string, unknown>; status?: Record<string, unknown>; items?: Body[]; message?: string };

let etcd: TestEtcd;
let server: TestApiserver;
let client: RestClient;

const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const widgetSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object', required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 }, colour: { type: 'string', default: 'red' }, replicas: { type: 'integer' },
        parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer' } } } },
      },
      'x-kubernetes-validations': [{ rule: '!has(oldSelf.colour) || self.colour == oldSelf.colour', message: 'colour is immutable', fieldPath: '.colour' }],
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } } },
  },
};

const version = (name: string, more: object = {}): object => ({
  name, served: true, storage: true, schema: { openAPIV3Schema: widgetSchema }, subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
  additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  selectableFields: [{ jsonPath: '.spec.colour' }], ...more,
});

const definition = (plural: string, kind: string, versions: object[] = [version('v1')], more: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames: [`${plural.slice(0, 2)}x`], categories: ['all'] }, versions, ...more },
});

const widget = (name: string, spec: object = { size: 1 }, apiVersion = 'example.com/v1', kind = 'Widget'): object => ({ apiVersion, kind, metadata: { name }, spec });

/** Until what is expected is so. */
const soon = (check: () => Promise<void>): Promise<boolean> => eventually(async () => {
  await check();
  return true;
});

async function install(body: object, path: string): Promise<void> {
  const created = await client.post(DEFINITIONS, body);
  expect([created.code, created.body['message']]).toEqual([201, undefined]);
  await soon(async () => expect((await client.get(path)).code).toBe(200));
}

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
      const body = definition(plural, kind, [version('v1')], { group: 'networking.k8s.io' }) as Body;
      const created = await client.post<Body>(DEFINITIONS, { ...body, metadata: { name: `${plural}.networking.k8s.io`, annotations: { 'api-approved.kubernetes.io': 'unapproved, test-only' } } });
      expect([created.code, created.body.message]).toEqual([201, undefined]);
      await soon(async () => expect(JSON.stringify((await client.get<Body>(`${DEFINITIONS}/${plural}.networking.k8s.io`)).body.status)).toContain('"InitialNamesAccepted","status":"True","type":"Established"'));
    }
    const discovered = (await client.get<{ resources: { name: string }[] }>(networking)).body.resources.map(({ name }) => name);
    expect([discovered.filter((name) => name === 'networkpolicies').length, discovered.includes('foos'), (await client.get(`${networking}/namespaces/default/foos`)).code]).toEqual([1, false, 404]);
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

describe('versions', () => {
  it('show one object each in its own way, and a change of the definition ends watches', async () => {
    const both = [version('v1', { storage: false }), version('v2', { deprecated: true })];
    await install(definition('gears', 'Gear', both), '/apis/example.com/v2/gears');
    await client.post('/apis/example.com/v1/namespaces/default/gears', widget('g', { size: 2 }, 'example.com/v1', 'Gear'));
    const second = await client.get<Body>('/apis/example.com/v2/namespaces/default/gears/g');
    expect(second.body).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: 2 } });
    expect(second.headers['warning']).toContain('example.com/v2 Gear is deprecated');
    const watch = await client.watch('/apis/example.com/v1/gears?watch=1');
    expect((await watch.next()).object).toMatchObject({ apiVersion: 'example.com/v1' });
    const schema = structuredClone(widgetSchema) as { properties: { spec: { properties: Record<string, object> } } };
    schema.properties.spec.properties['added'] = { type: 'string', default: 'later' };
    await client.patch(`${DEFINITIONS}/gears.example.com`, 'merge', { spec: { versions: [version('v1', { storage: false }), version('v2', { schema: { openAPIV3Schema: schema } })] } });
    await expect(watch.next()).rejects.toThrow('the watch has ended');
    await soon(async () => expect((await client.get<Body>('/apis/example.com/v2/namespaces/default/gears/g')).body.spec).toMatchObject({ added: 'later' }));
    watch.stop();
  });
});

describe('an object of several versions', () => {
  it('is held to the schema of the version that it is written in, whichever is stored', async () => {
    const upTo = (maximum: number): object => {
      const schema = structuredClone(widgetSchema) as { properties: { spec: { properties: { size: object } } } };
      Object.assign(schema.properties.spec.properties.size, { maximum });
      return { openAPIV3Schema: schema };
    };
    await install(definition('dials', 'Dial', [version('v1', { schema: upTo(10) }), version('v2', { storage: false, schema: upTo(5) }), version('v3', { storage: false, schema: upTo(20) })]), '/apis/example.com/v3/dials');
    const dials = (name: string): string => `/apis/example.com/${name}/namespaces/default/dials`;
    const written = async (name: string, size: number): Promise<number> => (await client.post<Body>(dials(name), widget(`${name}-${size}`, { size }, `example.com/${name}`, 'Dial'))).code;
    expect([await written('v1', 7), await written('v2', 7), await written('v3', 17), await written('v1', 17)]).toEqual([201, 422, 201, 422]);
    const sized = async (name: string, size: number): Promise<Body> => (await client.patch<Body>(`${dials(name)}/v1-7`, 'merge', { spec: { size } })).body;
    expect((await sized('v2', 8)).message).toContain('spec.size: Invalid value: 8: spec.size in body should be less than or equal to 5');
    expect([(await sized('v1', 8)).spec, (await sized('v2', 4)).spec, (await sized('v3', 18)).spec]).toMatchObject([{ size: 8 }, { size: 4 }, { size: 18 }]);
    // What the stored version has no room for cannot be missed.
    const wider = structuredClone(widgetSchema) as unknown as { properties: { spec: { required: string[]; properties: Record<string, object> } } };
    wider.properties.spec.properties['only'] = { type: 'string' };
    wider.properties.spec.required = ['only'];
    await install(definition('knobs', 'Knob', [version('v1'), version('v2', { storage: false, schema: { openAPIV3Schema: wider } })]), '/apis/example.com/v2/knobs');
    expect((await client.post<Body>('/apis/example.com/v2/namespaces/default/knobs', widget('k', { size: 1, only: 'here' }, 'example.com/v2', 'Knob'))).code).toBe(201);
    await client.delete(`${DEFINITIONS}/knobs.example.com`);
    // What it was before, in another version, is let be.
    expect((await client.patch<Body>(`${dials('v2')}/v1-7`, 'merge', { metadata: { labels: { a: 'b' } } })).code).toBe(200);
    await client.delete(`${DEFINITIONS}/dials.example.com`);
  });
});

describe('versions that a webhook converts', () => {
  const gateways = (name: string) => `/apis/example.com/${name}/namespaces/default/gateways`;
  const schemas = {
    v1: { type: 'object', properties: { spec: { type: 'object', properties: { address: { type: 'string' } } } } },
    v2: { type: 'object', properties: { spec: { type: 'object', properties: { host: { type: 'string' }, port: { type: 'string' } } } } },
  };
  const versions = (stored: string) => (['v1', 'v2'] as const).map((name) => ({ name, served: true, storage: name === stored, schema: { openAPIV3Schema: schemas[name] } }));
  const gateway = (name: string, apiVersion: string, spec: object) => ({ apiVersion: `example.com/${apiVersion}`, kind: 'Gateway', metadata: { name }, spec });

  interface Review { readonly request: { uid: string; desiredAPIVersion: string; objects: (Body & { spec: Record<string, string> })[] } }
  const converted = (object: Review['request']['objects'][number], apiVersion: string): object => {
    const { address = '', host = '', port = '' } = object.spec;
    const [before = '', after = ''] = address.split(':');
    return { ...object, apiVersion, spec: apiVersion.endsWith('v2') ? { host: before, port: after } : { address: `${host}:${port}` } };
  };

  it('are shown in any of them, whichever they are stored in', async () => {
    const authority = await CertificateAuthority.create('conversion', systemClock);
    const { cert, key } = await authority.issue({ commonName: 'convert', hosts: ['localhost'], usages: ['server auth'] });
    const hook = createServer({ cert, key }, (request, response) => {
      void text(request).then((body) => {
        const { request: { uid, desiredAPIVersion, objects } } = JSON.parse(body) as Review;
        response.end(JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: { uid, result: { status: 'Success' }, convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)) } }));
      });
    });
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    const { port } = hook.address() as AddressInfo;
    try {
      const clientConfig = { url: `https://localhost:${port}/convert`, caBundle: Buffer.from(authority.cert).toString('base64') };
      // As the manifests of many operators come, for another controller to fill in whom to trust.
      const conversion = { strategy: 'Webhook', webhook: { clientConfig: { ...clientConfig, caBundle: 'Cg==' }, conversionReviewVersions: ['v1'] } };
      const at = `${DEFINITIONS}/gateways.example.com`;
      const bundle = (caBundle: string): object => ({ spec: { conversion: { webhook: { clientConfig: { caBundle } } } } });
      expect((await client.post(DEFINITIONS, definition('gateways', 'Gateway', versions('v1'), { conversion }))).code).toBe(201);
      await soon(async () => expect((await client.get<Body>(at)).body.status).toMatchObject({ conditions: [{ type: 'NamesAccepted', status: 'True' }, { type: 'Established', status: 'False', reason: 'InvalidCABundle', message: 'The conversion webhook CABundle is invalid' }] }));
      expect((await client.get(gateways('v2'))).code).toBe(404);
      expect((await client.patch(at, 'merge', bundle(clientConfig.caBundle))).code).toBe(200);
      await soon(async () => expect((await client.get(gateways('v2'))).code).toBe(200));
      const emptied = await client.patch<Body>(at, 'merge', bundle('Cg=='));
      expect([emptied.code, emptied.body.message]).toEqual([422, expect.stringContaining('spec.conversion.webhookClientConfig.caBundle: Invalid value: "Cg==": unable to load root certificates: unable to parse bytes as PEM block')]);
      expect((await client.post<Body>(gateways('v1'), gateway('old', 'v1', { address: 'a:1' }))).body.spec).toEqual({ address: 'a:1' });
      const watch = await client.watch(`${gateways('v2')}?watch=1`);
      expect((await watch.next()).object).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'a', port: '1' } });
      expect((await client.post<Body>(gateways('v2'), gateway('other', 'v2', { host: 'b', port: '2' }))).body.spec).toEqual({ host: 'b', port: '2' });
      expect((await watch.next()).object).toMatchObject({ metadata: { name: 'other' }, spec: { host: 'b', port: '2' } });
      await client.patch(`${DEFINITIONS}/gateways.example.com`, 'merge', { spec: { versions: versions('v2') } });
      await expect(watch.next()).rejects.toThrow('the watch has ended');
      await soon(async () => expect((await client.get<Body>(`${DEFINITIONS}/gateways.example.com`)).body.status).toMatchObject({ storedVersions: ['v1', 'v2'] }));
      await soon(async () => expect((await client.post<Body>(gateways('v2'), gateway('new', 'v2', { host: 'c', port: '3' }))).code).toBe(201));
      const specs = async (name: string): Promise<unknown[]> => ((await client.get<Body>(gateways(name))).body.items ?? []).map(({ spec }) => spec);
      expect(await specs('v1')).toEqual([{ address: 'c:3' }, { address: 'a:1' }, { address: 'b:2' }]);
      expect(await specs('v2')).toEqual([{ host: 'c', port: '3' }, { host: 'a', port: '1' }, { host: 'b', port: '2' }]);
      expect((await client.patch<Body>(`${gateways('v2')}/old`, 'merge', { spec: { port: '9' } })).body).toMatchObject({ metadata: { generation: 2 }, spec: { host: 'a', port: '9' } });
    } finally {
      hook.closeAllConnections();
      hook.close();
    }
    // Without the webhook objects are still written and read in the version they are stored in.
    expect((await client.post<Body>(gateways('v2'), gateway('late', 'v2', { host: 'd', port: '4' }))).code).toBe(201);
    const failed = await client.get<Body>(`${gateways('v1')}/late`);
    expect([failed.code, failed.body.message]).toEqual([500, expect.stringContaining('conversion webhook for example.com/v2, Kind=Gateway failed')]);
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
