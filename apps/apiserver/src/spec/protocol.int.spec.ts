import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { decodeProtobufBody, encodeProtobuf, openProtobufBody } from '../codec/protobuf-body';
import type { RestClient, TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Status { code: number; reason: string; message: string }
interface Named { kind: string; apiVersion: string; metadata: { name: string; resourceVersion: string; uid: string } }

const maps = '/api/v1/namespaces/default/configmaps';
/** Checks that upstream's server has, and its e2e test of health handlers asks for. */
const UPSTREAM_CHECKS = ['ping', 'log', 'etcd', 'autoregister-completion'];
const UPSTREAM_HOOKS = [
  'start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'storage-readiness', 'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced',
  'bootstrap-controller', 'start-system-namespaces-controller', 'start-service-ip-repair-controllers', 'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer', 'start-cluster-authentication-info-controller', 'start-kube-aggregator-informers', 'apiservice-registration-controller',
  'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller', 'kube-apiserver-autoregistration', 'apiservice-openapi-controller',
];
const allGroups = (type: string, version = 'v2'): string => `${type};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

describe('the protocol', () => {
  let server: TestApiserver;
  let api: RestClient;
  let tls: { ca: Buffer; cert: Buffer; key: Buffer };

  useTestApi(async (running) => {
    ({ api, server } = running);
    tls = await server.credentials(server.pki.files.admin);
    await api.post(maps, { metadata: { name: 'there' }, data: { a: '1' } });
  });

  describe('negotiates', () => {
    it.each([
      ['text/html', 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'],
      ['application/json;as=Nothing;v=v1;g=meta.k8s.io', 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'],
      ['application/cbor', 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'],
    ])('no answer for Accept: %s', async (accept, message) => {
      expect(await api.get<Status>(maps, { Accept: accept })).toMatchObject({ code: 406, body: { kind: 'Status', reason: 'NotAcceptable', message } });
    });

    it('no rows of what is only posted, but the review itself beside them', async () => {
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      expect(await api.call<Status>('POST', path, { body: review, headers: { Accept: table } })).toMatchObject({ code: 406, body: { kind: 'Status', reason: 'NotAcceptable' } });
      expect(await api.call<Status>('POST', path, { body: review, headers: { Accept: `${table}, application/json` } })).toMatchObject({ code: 201, body: { kind: 'SelfSubjectAccessReview' } });
    });

    it.each([
      ['the first that is known', 'text/html, application/yaml', 'application/yaml'],
      ['the one of the highest weight', 'application/yaml;q=0.5, application/json;q=0.9', 'application/json'],
      ['anything', '*/*', 'application/json'],
      ['protobuf', 'application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf'],
    ])('%s', async (_what, accept, type) => {
      expect((await api.get(`${maps}/there`, { Accept: accept })).headers['content-type']).toBe(type);
    });

    it('indentation by a parameter of the media type', async () => {
      const [pretty, plain] = await Promise.all(['1', '0'].map((wanted) => api.get<Named>(`${maps}/there`, { Accept: `application/json;pretty=${wanted}` })));
      expect(pretty?.raw.toString()).toContain('\n  "metadata": {\n');
      expect(plain?.raw.toString()).not.toContain('\n ');
    });

    it.each([
      ['POST', maps, 'text/plain', 'application/json, application/yaml, application/vnd.kubernetes.protobuf'],
      ['POST', maps, 'application/x-www-form-urlencoded', 'application/json, application/yaml, application/vnd.kubernetes.protobuf'],
      ['PUT', `${maps}/there`, 'application/cbor', 'application/json, application/yaml, application/vnd.kubernetes.protobuf'],
      ['PATCH', `${maps}/there`, 'application/json', 'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml'],
    ])('no %s to %s in %s', async (method, path, type, accepted) => {
      expect(await api.call<Status>(method, path, { body: '{}', headers: { 'Content-Type': type } })).toMatchObject({
        code: 415, body: { reason: 'UnsupportedMediaType', message: `the body of the request was in an unknown format - accepted media types include: ${accepted}` },
      });
    });

    it('bodies in JSON, YAML and protobuf', async () => {
      const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } });
      const bodies: [string, string | Buffer][] = [
        ['application/json', JSON.stringify(object('in-json'))],
        ['application/yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: in-yaml\ndata:\n  a: b\n'],
        ['application/vnd.kubernetes.protobuf', encodeProtobuf({ group: '', version: 'v1', kind: 'ConfigMap' }, Buffer.from(JSON.stringify(object('in-protobuf')))) ?? ''],
      ];
      for (const [type, body] of bodies) expect(await api.call<Named>('POST', maps, { body, headers: { 'Content-Type': type } })).toMatchObject({ code: 201, body: { data: { a: 'b' } } });
    });

    it('compression from 128 KiB on', async () => {
      await api.post(maps, { metadata: { name: 'large' }, data: { a: 'x'.repeat(200_000) } });
      const large = await api.get(`${maps}/large`, { 'Accept-Encoding': 'gzip' });
      expect(large.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
      expect((JSON.parse(gunzipSync(large.raw).toString()) as Named).metadata.name).toBe('large');
      expect((await api.get(`${maps}/there`, { 'Accept-Encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
      expect((await api.get(`${maps}/large`)).headers['content-encoding']).toBeUndefined();
    });

    it('indentation', async () => {
      expect((await api.get(`${maps}/there?pretty=true`)).raw.toString()).toContain('\n  "kind": "ConfigMap"');
      expect((await api.get(`${maps}/there`, { 'User-Agent': 'curl/8' })).raw.toString()).toContain('\n  "kind": "ConfigMap"');
      expect((await api.get(`${maps}/there?pretty=false`, { 'User-Agent': 'curl/8' })).raw.toString()).not.toContain('\n  ');
    });
  });

  describe('verbs', () => {
    it.each([
      ['POST', `${maps}/there`], ['PUT', maps], ['PATCH', maps], ['DELETE', '/api/v1/namespaces'], ['POST', '/api/v1/namespaces/default/pods/x/status'], ['DELETE', '/api/v1/namespaces/default/pods/x/status'],
      ['OPTIONS', `${maps}/there`], ['DELETE', '/api/v1/configmaps'], ['POST', '/api/v1/configmaps'], ['GET', '/api/v1/namespaces/default/bindings'], ['POST', '/api/v1'], ['POST', '/version'],
    ])('%s %s is not allowed', async (method, path) => {
      const answer = await api.call<Status>(method, path, method === 'PATCH' ? { body: '{}', headers: { 'Content-Type': 'application/merge-patch+json' } } : {});
      expect(answer).toMatchObject({ code: 405, body: { kind: 'Status', reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource', details: {} } });
    });

    it.each(['/api/v2', '/api/v2/pods', '/apis/apps/v1beta1', '/apis/apps/v1beta1/namespaces/default/deployments', '/apis/policy/v1beta1/podsecuritypolicies', '/apis/batch/v1beta1/cronjobs', '/api/v1/nothing', '/api/v1/namespaces/default/nothing', '/api/v1/namespaces/default/nodes', '/api/v1/configmaps/there', `${maps}/there/nothing`, '/api/v1/namespaces/default/status/x/y', '/apis/apps/v1/nothing', '/apis/authorization.k8s.io/v1/nothing'])('GET %s finds nothing, and says so in a Status', async (path) => {
      expect(await api.get<Status>(path)).toMatchObject({ code: 404, body: { kind: 'Status', reason: 'NotFound', message: 'the server could not find the requested resource', details: {} } });
    });

    it('HEAD is no method of resources and of documents of a version, but of other paths', async () => {
      for (const path of [`${maps}/there`, maps, `${maps}/none`, '/api/v1/namespaces/default/status', '/api', '/api/v1', '/apis/apps/v1', '/version', '/openid/v1/jwks', '/.well-known/openid-configuration']) expect(await api.call('HEAD', path)).toMatchObject({ code: 405, raw: Buffer.alloc(0) });
      expect((await api.call('HEAD', '/api/v1/nothing')).code).toBe(404);
      for (const path of ['/apis', '/apis/apps', '/', '/readyz', '/openapi/v3']) {
        const [head, get] = [await api.call('HEAD', path), await api.get(path)];
        expect(head).toMatchObject({ code: 200, raw: Buffer.alloc(0) });
        expect(head.headers['content-length']).toBe(String(get.raw.length));
      }
      expect((await api.call('POST', '/healthz')).code).toBe(200);
    });
  });

  describe('discovery', () => {
    it('in one document', async () => {
      const accept = allGroups('application/json');
      for (const path of ['/api', '/apis']) {
        const answer = await api.get<{ kind: string; apiVersion: string; items: { metadata: { name: string }; versions: { version: string; resources: { resource: string; verbs: string[] }[] }[] }[] }>(path, { Accept: accept });
        expect(answer).toMatchObject({ code: 200, headers: { 'content-type': accept }, body: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' } });
        expect(answer.body.items.every(({ versions }) => versions.every(({ resources }) => resources.length > 0))).toBe(true);
        const etag = answer.headers.etag ?? '';
        expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
        expect(await api.get(path, { Accept: accept, 'If-None-Match': etag })).toMatchObject({ code: 304, raw: Buffer.alloc(0) });
      }
    });

    it('falls back as the client says', async () => {
      const kindFor = async (...types: string[]): Promise<string> => (await api.get<{ kind: string }>('/apis', { Accept: types.join(',') })).body.kind;
      expect(await kindFor(allGroups('application/json', 'v9'), allGroups('application/json'), 'application/json')).toBe('APIGroupDiscoveryList');
      expect(await kindFor(allGroups('application/json', 'v2beta1'), 'application/json')).toBe('APIGroupList');
    });

    it.each<[path: string, apiVersion: string, kind: string]>([
      ['/api', 'v1', 'APIVersions'], ['/apis', 'v1', 'APIGroupList'], ['/apis/apps', 'v1', 'APIGroup'], ['/api/v1', 'v1', 'APIResourceList'], ['/apis/apps/v1', 'v1', 'APIResourceList'],
    ])('%s comes in protobuf and YAML as well, and in nothing else', async (path, apiVersion, kind) => {
      const { body } = await api.get(path);
      const protobuf = await api.get(path, { Accept: 'application/vnd.kubernetes.protobuf' });
      expect(protobuf).toMatchObject({ code: 200, headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } });
      expect(openProtobufBody(protobuf.raw)).toMatchObject({ apiVersion, kind });
      expect(decodeProtobufBody(protobuf.raw)).toMatchObject(body);
      const yaml = await api.get(path, { Accept: 'application/yaml' });
      expect(yaml).toMatchObject({ code: 200, headers: { 'content-type': 'application/yaml' } });
      expect(yaml.raw.toString()).toContain(`kind: ${kind}\n`);
      expect(await api.get<Status>(path, { Accept: 'application/cbor' })).toMatchObject({ code: 406, body: { kind: 'Status', reason: 'NotAcceptable', message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf' } });
      expect((await api.get(path, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })).code).toBe(406);
    });

    it('in one document comes in protobuf and YAML as well, with the same tag', async () => {
      const json = await api.get('/apis', { Accept: allGroups('application/json') });
      const type = allGroups('application/vnd.kubernetes.protobuf');
      const protobuf = await api.get('/apis', { Accept: type });
      expect(protobuf).toMatchObject({ code: 200, headers: { 'content-type': type, etag: json.headers.etag } });
      const decoded = decodeProtobufBody(protobuf.raw) as unknown as { items: { metadata: { name: string }; versions: object[] }[] };
      const groups = json.body['items'] as typeof decoded.items;
      expect(decoded.items.map(({ metadata }) => metadata.name)).toEqual(groups.map(({ metadata }) => metadata.name));
      expect(decoded.items[0]?.versions[0]).toMatchObject(groups[0]?.versions[0] ?? {});
      expect((await api.get('/apis', { Accept: allGroups('application/yaml') })).raw.toString()).toContain('kind: APIGroupDiscoveryList\n');
    });

    it.each(['/apis/extensions/v1beta1', '/apis/extensions', '/apis/nosuch.example.com/v1/things'])('%s, which is of no group, is not found', async (path) => {
      expect(await api.get(path)).toMatchObject({ code: 404, raw: Buffer.from('404 page not found\n') });
    });
  });

  describe('OpenAPI', () => {
    it('v3 names documents by their content, and says when nothing changed', async () => {
      const index = await api.get<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
      const url = index.body.paths['apis/apps/v1']?.serverRelativeURL ?? '';
      expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
      const document = await api.get<{ openapi: string; paths: Record<string, unknown> }>(url);
      expect(document).toMatchObject({ code: 200, headers: { 'cache-control': 'public, immutable' }, body: { openapi: '3.0.0' } });
      expect(Object.keys(document.body.paths)).toContain('/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale');
      expect((await api.get('/openapi/v3/apis/apps/v1', { 'If-None-Match': document.headers.etag ?? '' })).code).toBe(304);
      expect((await api.get('/openapi/v3', { 'If-None-Match': index.headers.etag ?? '' })).code).toBe(304);
      expect(Object.keys(index.body.paths)).toEqual(expect.arrayContaining(['.well-known/openid-configuration', 'api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1', 'openid/v1/jwks', 'version']));
      expect((await api.get<{ paths: unknown }>(index.body.paths['version']?.serverRelativeURL ?? '')).body.paths).toMatchObject({ '/version/': { get: { operationId: 'getCodeVersion' } } });
      const protobuf = await api.get(url, { Accept: 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf' });
      expect(protobuf).toMatchObject({ code: 200, headers: { 'cache-control': 'public, immutable', 'content-type': 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf', etag: document.headers.etag } });
      // The first field, `openapi`.
      expect(protobuf.raw.subarray(0, 7)).toEqual(Buffer.from('\n\u00053.0.0'));
      const stale = await api.get(url.replace(/hash=.{128}/, `hash=${'0'.repeat(128)}`));
      expect(stale).toMatchObject({ code: 301, headers: { location: url } });
    });

    it.each(['/openapi/v2', '/openapi/v3/apis/apps/v1'])('%s comes in nothing that it cannot', async (path) => {
      expect(await api.get(path, { Accept: 'application/yaml' })).toMatchObject({ code: 406, raw: Buffer.alloc(0) });
      expect((await api.get(path, { Accept: 'text/html, application/json;q=0.9' })).code).toBe(200);
    });

    it('v2 comes as JSON and protobuf', async () => {
      expect((await api.get<{ swagger: string }>('/openapi/v2')).body.swagger).toBe('2.0');
      const protobuf = await api.get('/openapi/v2', { Accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' });
      expect(protobuf).toMatchObject({ code: 200, headers: { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' } });
      expect((await api.get('/openapi/v2', { 'If-None-Match': (await api.get('/openapi/v2')).headers.etag ?? '' })).code).toBe(304);
    });
  });

  describe('health', () => {
    it.each(['healthz', 'livez', 'readyz'])('/%s tells each check when asked', async (endpoint) => {
      expect(await api.get(`/${endpoint}`)).toMatchObject({ code: 200, raw: Buffer.from('ok') });
      const verbose = (await api.get(`/${endpoint}?verbose`)).raw.toString();
      expect(verbose).toContain(`[+]ping ok\n`);
      expect(verbose).toContain(`${endpoint} check passed\n`);
      expect((await api.get(`/${endpoint}?verbose&exclude=ping`)).raw.toString()).toContain('[+]ping excluded: ok\n');
      expect((await api.get(`/${endpoint}?verbose&exclude=nosuch`)).raw.toString()).toContain('warn: some health checks cannot be excluded: no matches for "nosuch"\n');
      expect(await api.get(`/${endpoint}/ping`)).toMatchObject({ code: 200, raw: Buffer.from('ok') });
      expect((await api.get(`/${endpoint}/nosuch`)).code).toBe(404);
      for (const name of [...UPSTREAM_CHECKS, ...UPSTREAM_HOOKS.map((hook) => `poststarthook/${hook}`)]) {
        expect(verbose.split('\n').filter((line) => line === `[+]${name} ok`)).toHaveLength(1);
        expect(await api.get(`/${endpoint}/${name}`)).toMatchObject({ code: 200, raw: Buffer.from('ok') });
      }
      for (const name of ['informer-sync', 'etcd-readiness']) expect((await api.get(`/${endpoint}/${name}`)).code).toBe(endpoint === 'readyz' ? 200 : 404);
    });

    it('what verifies service-account tokens may be kept for an hour', async () => {
      const configuration = await api.get<{ jwks_uri: string }>('/.well-known/openid-configuration');
      expect(configuration.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' });
      const keys = await api.get(new URL(configuration.body.jwks_uri).pathname);
      expect(keys.headers).toMatchObject({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=3600' });
      expect(JSON.parse(keys.raw.toString())).toMatchObject({ keys: [{ use: 'sig', alg: 'ES256', kty: 'EC' }] });
    });

    it('/statusz and /flagz tell people and programs where the server stands and how it was started', async () => {
      expect((await api.get<{ paths: string[] }>('/')).body.paths).toEqual(expect.arrayContaining(['/api/v1', '/apis/apps', '/apis/apps/v1', '/flagz', '/statusz']));
      const text = await api.get('/statusz', { Accept: '*/*' });
      expect(text).toMatchObject({ code: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
      expect(text.raw.toString()).toMatch(/^\napiserver statusz\n[^]*\nPaths.* \/flagz \/healthz \/livez \/metrics \/readyz \/statusz \/version\n$/);
      const flags = await api.get<{ flags: Record<string, string> }>('/flagz', { Accept: 'application/json;g=config.k8s.io;v=v1beta1;as=Flagz' });
      expect(flags.body).toMatchObject({ kind: 'Flagz', apiVersion: 'config.k8s.io/v1beta1', metadata: { name: 'apiserver' }, flags: { 'bind-address': '127.0.0.1', 'secure-port': '0', 'event-ttl': '1h0m0s' } });
      expect(await api.get<Status>('/flagz', { Accept: 'application/json' })).toMatchObject({ code: 406, body: { kind: 'Status', reason: 'NotAcceptable' } });
    });

    it('/version is of upstream', async () => {
      expect((await api.get('/version')).body).toMatchObject({ major: '1', minor: '36', gitVersion: expect.stringMatching(/^v1\.36\.\d+/) as string });
    });
  });

  describe('HTTP/2', () => {
    const session = () => connectHttp2(server.url, { ...tls });

    it('serves requests, bodies and watches on one connection', async () => {
      const client = session();
      const call = async (headers: Record<string, string>, body?: string): Promise<{ code: number; text: string }> => {
        const stream = client.request({ ':path': maps, ...headers });
        stream.end(body);
        const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
        let text = '';
        for await (const chunk of stream) text += String(chunk);
        return { code: answer[':status'], text };
      };
      const watch = client.request({ ':path': `${maps}?watch=1&resourceVersion=${(await api.get<Named>(maps)).body.metadata.resourceVersion}` });
      await once(watch, 'response');
      const created = await call({ ':method': 'POST', 'content-type': 'application/json' }, JSON.stringify({ metadata: { name: 'by-http2' } }));
      expect(created.code).toBe(201);
      const [event] = (await once(watch, 'data')) as [Buffer];
      expect(JSON.parse(event.toString())).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'by-http2' } } });
      watch.close();
      expect((await call({})).code).toBe(200);
      expect((await call({ ':method': 'POST', 'content-type': 'application/json' }, `"${'x'.repeat(4 * 1024 * 1024)}"`)).code).toBe(413);
      client.close();
    });

    it('keeps no connection open for those whom nobody knows', async () => {
      for (const [headers, code] of [[{}, 200], [{ authorization: 'Bearer nobody' }, 401]] as const) {
        const client = connectHttp2(server.url, { ca: tls.ca });
        const closed = once(client, 'close');
        const stream = client.request({ ':path': '/healthz', ...headers });
        const [answer] = (await once(stream, 'response')) as [{ ':status': number }];
        expect(answer[':status']).toBe(code);
        stream.resume();
        await closed;
      }
    });
  });

  describe('a watch by WebSocket', () => {
    const open = (query: string, protocols: string[] = [], headers: Record<string, string> = {}): WebSocket => new WebSocket(`wss://127.0.0.1:${server.port}${maps}?watch=true${query}`, protocols, { ...tls, headers });

    it('carries an event a message', async () => {
      const socket = open(`&resourceVersion=${(await api.get<Named>(maps)).body.metadata.resourceVersion}`);
      await once(socket, 'open');
      const messages: string[] = [];
      const two = new Promise<void>((resolve) => socket.on('message', (data: Buffer) => {
        if (messages.push(data.toString()) === 2) resolve();
      }));
      await Promise.all(['ws-1', 'ws-2'].map((name) => api.post(maps, { metadata: { name } })));
      await two;
      expect(messages.map((text) => (JSON.parse(text) as { object: Named }).object.metadata.name).sort()).toEqual(['ws-1', 'ws-2']);
      socket.close();
    });

    it('ends when its time is over, and says by an event what is wrong', async () => {
      const short = open('&timeoutSeconds=1');
      const [code] = (await once(short, 'close')) as [number];
      expect(code).toBe(1000);
      const [answer] = (await once(open('&labelSelector=%3D%3D'), 'unexpected-response')) as [unknown];
      expect(answer).toBeDefined();
    });

    it('keeps the one protocol that is named', async () => {
      const socket = open('', ['my.protocol']);
      await once(socket, 'open');
      expect(socket.protocol).toBe('my.protocol');
      socket.terminate();
    });
  });

  describe('writes', () => {
    it('leave nothing behind in a dry run, whatever the verb', async () => {
      const before = (await api.get<Named>(`${maps}/there`)).body;
      expect((await api.post<Named>(`${maps}?dryRun=All`, { metadata: { name: 'dry' } })).code).toBe(201);
      expect((await api.get(`${maps}/dry`)).code).toBe(404);
      for (const type of ['merge', 'strategic', 'apply'] as const)
        expect(await api.patch(`${maps}/there?dryRun=All&fieldManager=dry`, type, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'there' }, data: { b: '2' } })).toMatchObject({ code: 200, body: { data: { b: '2' } } });
      expect((await api.put(`${maps}/there?dryRun=All`, { metadata: { name: 'there' }, data: {} })).code).toBe(200);
      expect((await api.delete(`${maps}/there?dryRun=All`)).code).toBe(200);
      expect((await api.delete(`${maps}/there`, { dryRun: ['All'] })).code).toBe(200);
      expect((await api.delete(`${maps}?dryRun=All`)).code).toBe(200);
      expect((await api.get<Named>(`${maps}/there`)).body).toEqual(before);
    });
  });
});
