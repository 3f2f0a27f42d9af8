import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { type Body, definition, DEFINITIONS, installDefinition, soon, version, widget, widgetSchema } from './widgets';

jest.setTimeout(60_000);

let etcd: TestEtcd;
let server: TestApiserver;
let client: RestClient;

const install = (body: object, path: string): Promise<void> => installDefinition(client, body, path);

beforeAll(async () => {
  etcd = await startEtcd();
  server = await startTestApiserver({ etcd: etcd.endpoint });
  client = await RestClient.of(server);
});
afterAll(async () => {
  client.close();
  await server.stop();
  await etcd.stop();
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
  const selectable = { v1: ['address'], v2: ['host', 'port'] };
  const versions = (stored: string) => (['v1', 'v2'] as const).map((name) => ({ name, served: true, storage: name === stored, schema: { openAPIV3Schema: schemas[name] }, selectableFields: selectable[name].map((field) => ({ jsonPath: `.spec.${field}` })) }));
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
      await soon(async () =>
        expect((await client.get<Body>(at)).body.status).toMatchObject({
          conditions: [
            { type: 'NamesAccepted', status: 'True' },
            { type: 'Established', status: 'False', reason: 'InvalidCABundle', message: 'The conversion webhook CABundle is invalid' },
          ],
        }),
      );
      expect((await client.get(gateways('v2'))).code).toBe(404);
      expect((await client.patch(at, 'merge', bundle(clientConfig.caBundle))).code).toBe(200);
      await soon(async () => expect((await client.get(gateways('v2'))).code).toBe(200));
      const emptied = await client.patch<Body>(at, 'merge', bundle('Cg=='));
      expect([emptied.code, emptied.body.message]).toEqual([422, expect.stringContaining('spec.conversion.webhookClientConfig.caBundle: Invalid value: "Cg==": unable to load root certificates: unable to parse bytes as PEM block')]);
      expect((await client.post<Body>(gateways('v1'), gateway('old', 'v1', { address: 'a:1' }))).body.spec).toEqual({ address: 'a:1' });
      const moves = gateway('moves', 'v2', { host: 'm', port: '5' });
      const hosts = await client.watch(`${gateways('v2')}?watch=1&fieldSelector=spec.host=m`);
      const addresses = await client.watch(`${gateways('v1')}?watch=1&fieldSelector=spec.address=m:5`);
      expect((await client.post(gateways('v2'), moves)).code).toBe(201);
      const selected = async (name: string, selector: string): Promise<unknown[]> => ((await client.get<Body>(`${gateways(name)}?fieldSelector=${selector}`)).body.items ?? []).map(({ metadata }) => metadata['name']);
      expect([await selected('v2', 'spec.host=m'), await selected('v2', 'spec.host=a,spec.port!=1'), await selected('v1', 'spec.address=a:1')]).toEqual([['moves'], [], ['old']]);
      expect((await client.get<Body>(`${gateways('v1')}?fieldSelector=spec.host=m`))).toMatchObject({ code: 400, body: { message: 'field label not supported: spec.host' } });
      await client.patch(`${gateways('v2')}/moves`, 'merge', { spec: { host: 'n' } });
      for (const one of [hosts, addresses]) {
        expect(await one.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'moves' } } });
        expect(await one.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'moves' } } });
        one.stop();
      }
      expect((await client.delete(`${gateways('v2')}?fieldSelector=spec.host=n`)).code).toBe(200);
      expect((await client.get(`${gateways('v1')}/moves`)).code).toBe(404);
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
