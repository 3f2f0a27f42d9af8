import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { eventually, startEtcd, type TestEtcd } from '@navarch/testing';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { RestClient } from '../testing/rest-client';
import { startTestApiserver, type TestApiserver } from '../testing/start-test-apiserver';

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly proxy: string;
}
interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

let etcd: TestEtcd;
let server: TestApiserver;
let client: RestClient;
let backend: Server;
const seen: Seen[] = [];
/** What the server says to who asks for all its groups at once; nothing: it does not know how. */
let aggregated: object | undefined;
/** A path that is answered, but with nothing. */
let unreadable = '';

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'fleet.example.com/v1',
  resources: [
    { name: 'ships', singularName: 'ship', namespaced: true, kind: 'Ship', verbs: ['get', 'list'], shortNames: ['sp'] },
    { name: 'ships/status', singularName: '', namespaced: true, kind: 'Ship', verbs: ['get'] },
  ],
};
const ship = 'com.example.fleet.v1.Ship';
const documents: Readonly<Record<string, object>> = {
  '/apis/fleet.example.com/v1': resources,
  '/openapi/v3': { paths: { 'apis/fleet.example.com/v1': { serverRelativeURL: '/openapi/v3/apis/fleet.example.com/v1?hash=A' } } },
  '/openapi/v3/apis/fleet.example.com/v1?hash=A': {
    openapi: '3.0.0',
    info: { title: 'fleet', version: '1' },
    paths: {},
    components: { schemas: { [ship]: { type: 'object', properties: { sails: { type: 'integer', description: 'How many.' } } } } },
  },
  '/openapi/v2': {
    swagger: '2.0',
    info: { title: 'fleet', version: '1' },
    paths: { '/apis/fleet.example.com/v1/ships': { get: { responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${ship}` } } } } } },
    definitions: { [ship]: { type: 'object', properties: { sails: { type: 'integer' } } } },
  },
};
const availability = async (): Promise<Condition | undefined> => (await client.get<{ status?: { conditions?: Condition[] } }>('/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com')).body.status?.conditions?.[0];

const shown = (look: () => Promise<void>): Promise<boolean> => eventually(async () => {
  await look();
  return true;
});

beforeAll(async () => {
  etcd = await startEtcd();
  server = await startTestApiserver({ etcd: etcd.endpoint });
  client = await RestClient.of(server);
  const authority = await CertificateAuthority.create('fleet-ca', systemClock);
  const { cert, key } = await authority.issue({ commonName: 'fleet', hosts: ['fleet.default.svc'], usages: ['server auth'] });
  backend = createServer({ cert, key, ca: await readFile(server.pki.files.frontProxyClient.ca), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers, proxy: [(request.socket as unknown as TLSSocket).getPeerCertificate().subject.CN].flat()[0] ?? '' });
    const all = request.url === '/apis' && request.headers.accept?.includes('as=APIGroupDiscoveryList') ? aggregated : undefined;
    response.setHeader('Content-Type', all ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' : 'application/json');
    if (all) {
      response.end(JSON.stringify(all));
      return;
    }
    response.end(request.url === unreadable ? '' : JSON.stringify(documents[request.url ?? ''] ?? { kind: 'ShipList', items: [] }));
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo;
  await client.post('/api/v1/namespaces/default/services', { metadata: { name: 'fleet' }, spec: { type: 'ExternalName', externalName: 'localhost' } });
  const made = await client.post('/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name: 'v1.fleet.example.com' },
    spec: { group: 'fleet.example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10, caBundle: Buffer.from(authority.cert).toString('base64'), service: { namespace: 'default', name: 'fleet', port } },
  });
  expect(made.code).toBe(201);
}, 60_000);
afterAll(async () => {
  backend.closeAllConnections();
  backend.close();
  client.close();
  await server.stop();
  await etcd.stop();
});

it('finds another API server available, and discovers what it serves', async () => {
  await shown(async () => expect(await availability()).toMatchObject({ status: 'True', reason: 'Passed', message: 'all checks passed' }));
  const { body: groups } = await client.get<{ groups: { name: string }[] }>('/apis');
  expect(groups.groups.map(({ name }) => name)).toContain('fleet.example.com');
  const { body } = await client.get<{ items: { metadata: { name: string }; versions: { resources: object[] }[] }[] }>('/apis', { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' });
  expect(body.items.find(({ metadata }) => metadata.name === 'fleet.example.com')?.versions[0]?.resources[0]).toMatchObject({ resource: 'ships', shortNames: ['sp'], subresources: [{ subresource: 'status' }] });
});

it('tells what another API server serves looks like, in both versions of OpenAPI', async () => {
  await shown(async () => expect(Object.keys((await client.get<{ paths: object }>('/openapi/v3')).body.paths)).toContain('apis/fleet.example.com/v1'));
  const index = await client.get<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
  const document = await client.get<{ components: { schemas: object } }>(index.body.paths['apis/fleet.example.com/v1']?.serverRelativeURL ?? '');
  expect(document.body.components.schemas).toMatchObject({ [ship]: { properties: { sails: { description: 'How many.' } } } });
  const { body } = await client.get<{ paths: Record<string, object>; definitions: Record<string, object> }>('/openapi/v2');
  expect(body.paths['/apis/fleet.example.com/v1/ships']).toBeDefined();
  expect(body.definitions[ship]).toBeDefined();
  expect(body.paths['/api/v1/pods']).toBeDefined();
  expect((await client.get('/openapi/v2', { Accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })).code).toBe(200);
});

it('passes requests on with the user it has made out, and no other', async () => {
  const answer = await client.call('GET', '/apis/fleet.example.com/v1/namespaces/default/ships?limit=5', {
    headers: { 'X-Remote-User': 'forged', 'X-Remote-Extra-A': 'forged', 'Impersonate-User': 'jane', 'Impersonate-Group': 'system:masters' },
  });
  expect(answer.body).toEqual({ kind: 'ShipList', items: [] });
  // What has let the request run is said by this server, also where another one answers.
  const decided = ['x-kubernetes-pf-flowschema-uid', 'x-kubernetes-pf-prioritylevel-uid'];
  for (const { headers: told } of [answer, await client.get('/api/v1/namespaces')]) expect(decided.filter((name) => /^[\da-f-]{36}$/.test(String(told[name])))).toEqual(decided);
  const { path, headers, proxy } = seen.find((one) => one.path.includes('ships')) ?? { path: '', headers: {}, proxy: '' };
  expect(path).toBe('/apis/fleet.example.com/v1/namespaces/default/ships?limit=5');
  expect(headers['x-remote-user']).toBe('jane');
  expect(headers['x-remote-group']).toContain('system:masters');
  expect(headers['x-remote-extra-a']).toBeUndefined();
  expect(headers['impersonate-user']).toBeUndefined();
  expect(proxy).toBe('front-proxy-client');
});

it('calls webhooks that another API server serves, through itself and in its own name', async () => {
  const service = { namespace: 'default', name: 'kubernetes', path: '/apis/fleet.example.com/v1/reviews' };
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
  const hook = { name: 'reviews.fleet.example.com', clientConfig: { service }, rules, sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Ignore' };
  expect((await client.post('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', { metadata: { name: 'fleet' }, webhooks: [hook] })).code).toBe(201);
  let made = 0;
  await shown(async () => {
    expect((await client.post('/api/v1/namespaces/default/configmaps', { metadata: { name: `reviewed-${made++}` } })).code).toBe(201);
    expect(seen.find(({ path }) => path.startsWith(service.path))?.headers).toMatchObject({ 'x-remote-user': 'system:apiserver', 'x-remote-group': expect.stringContaining('system:masters') as string });
  });
  await client.call('DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/fleet');
});

it('asks its own authorisation first', async () => {
  const anonymous = await RestClient.of(server, true);
  expect((await anonymous.get('/apis/fleet.example.com/v1/namespaces/default/ships')).code).toBe(403);
  anonymous.close();
});

it('takes a server that says nothing of what it serves for one whose word is old, and goes on', async () => {
  const path = '/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com';
  const freshness = async (): Promise<unknown> => {
    const { body } = await client.get<{ items: { metadata: { name: string }; versions: { freshness: string }[] }[] }>('/apis', { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' });
    return body.items.find(({ metadata }) => metadata.name === 'fleet.example.com')?.versions[0]?.freshness;
  };
  unreadable = '/apis/fleet.example.com/v1';
  await client.patch(path, 'merge', { spec: { versionPriority: 11 } });
  await shown(async () => expect(await freshness()).toBe('Stale'));
  expect(await availability()).toMatchObject({ status: 'True', reason: 'Passed' });
  unreadable = '';
  await client.patch(path, 'merge', { spec: { versionPriority: 10 } });
  await shown(async () => expect(await freshness()).toBe('Current'));
});

it('asks a server for all its groups at once, and believes that first', async () => {
  const path = '/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com';
  const names = async (): Promise<string[]> => {
    const { body } = await client.get<{ items: { metadata: { name: string }; versions: { resources: { resource: string; subresources?: { subresource: string }[] }[] }[] }[] }>('/apis', { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' });
    return (body.items.find(({ metadata }) => metadata.name === 'fleet.example.com')?.versions[0]?.resources ?? []).flatMap(({ resource, subresources = [] }) => [resource, ...subresources.map((sub) => sub.subresource)]);
  };
  const fleet = (...versions: object[]): object => ({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items: [{ metadata: { name: 'fleet.example.com' }, versions }] });
  const boat = { resource: 'boats', singularResource: 'boat', scope: 'Cluster', responseKind: { kind: 'Boat' }, verbs: ['list'], subresources: [{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get'] }] };
  for (const [said, expected] of [[fleet({ version: 'v1', resources: [boat] }), ['boats', 'scale']], [fleet({ version: 'v2' }), []], [undefined, ['ships', 'status']]] as const) {
    aggregated = said;
    await client.patch(path, 'merge', { spec: { versionPriority: 20 + expected.length } });
    await shown(async () => expect(await names()).toEqual(expected));
  }
});

it('answers 503 for a server that cannot be reached, and says why', async () => {
  await client.patch('/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com', 'merge', { spec: { service: { name: 'none' } } });
  await shown(async () => expect(await availability()).toMatchObject({ status: 'False', reason: 'ServiceNotFound', message: 'service/none in "default" is not present' }));
  const answer = await client.get('/apis/fleet.example.com/v1/ships');
  expect([answer.code, answer.raw.toString()]).toEqual([503, 'service unavailable\n']);
  expect(Object.keys((await client.get<{ paths: object }>('/openapi/v3')).body.paths)).not.toContain('apis/fleet.example.com/v1');
});

it('still tells of a server that cannot be reached, as of one whose word is old', async () => {
  const { body: groups } = await client.get<{ groups: { name: string }[] }>('/apis');
  expect(groups.groups.map(({ name }) => name)).toContain('fleet.example.com');
  expect((await client.get<object>('/apis/fleet.example.com')).body).toMatchObject({ preferredVersion: { groupVersion: 'fleet.example.com/v1' } });
  const aggregated = async () => {
    const { body } = await client.get<{ items: { metadata: { name: string }; versions: { freshness: string; resources: { resource: string }[] }[] }[] }>(
      '/apis',
      { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' },
    );
    return body.items.find(({ metadata }) => metadata.name === 'fleet.example.com')?.versions;
  };
  expect(await aggregated()).toMatchObject([{ version: 'v1', freshness: 'Stale', resources: [{ resource: 'ships' }] }]);
  await client.patch('/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com', 'merge', { spec: { service: { name: 'fleet' } } });
  await shown(async () => expect(await aggregated()).toMatchObject([{ freshness: 'Current' }]));
  expect((await client.delete('/apis/apiregistration.k8s.io/v1/apiservices/v1.fleet.example.com')).code).toBe(200);
  await shown(async () => expect(await aggregated()).toBeUndefined());
});

it('has an APIService for each of its own groups, and tells others how to believe it', async () => {
  await shown(async () => {
    const { body } = await client.get<{ spec: { groupPriorityMinimum: number }; status: { conditions: Condition[] } }>('/apis/apiregistration.k8s.io/v1/apiservices/v1.apps');
    expect([body.spec.groupPriorityMinimum, body.status.conditions[0]?.reason]).toEqual([17_800, 'Local']);
  });
  const { body } = await client.get<{ data: Record<string, string> }>('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication');
  expect(body.data['requestheader-allowed-names']).toBe('["front-proxy-client"]');
  expect(body.data['requestheader-client-ca-file']).toContain('BEGIN CERTIFICATE');
});
