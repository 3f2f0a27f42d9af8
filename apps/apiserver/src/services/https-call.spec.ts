import { core, discovery } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { ObjectTable } from '../testing/object-table';
import { refusalOf } from '../testing/admission-attributes';
import type { CallerCredentials } from './caller-credentials';
import { HttpsCaller } from './https-call';
import { OwnDoor } from './own-door';
import { ServiceResolver } from './service-resolver';

let server: Server;
let caBundle: string;
let serving: string;
let client: { readonly cert: string; readonly key: string };
const table = new ObjectTable();
const caller = new HttpsCaller(new ServiceResolver(table));

beforeAll(async () => {
  const authority = await CertificateAuthority.create('webhooks', systemClock);
  const { cert, key } = await authority.issue({ commonName: 'hook', hosts: ['hook.team.svc', 'localhost'], usages: ['server auth'] });
  serving = cert;
  caBundle = Buffer.from(authority.cert).toString('base64');
  server = createServer({ cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerCertificate() as { readonly subject?: { readonly CN?: string } } | null;
    void text(request).then((body) => {
      if (request.url?.startsWith('/who') === true) response.end(`${request.headers.authorization ?? ''} ${peer?.subject?.CN ?? ''}`);
      else if (request.url?.startsWith('/to/') === true) {
        const [, code, location = ''] = /^\/to\/(\d+)\/?([^?]*)/.exec(request.url) ?? [];
        response.writeHead(Number(code), { Location: decodeURIComponent(location) }).end();
      } else if (request.url?.startsWith('/slow') !== true) response.end(`${request.url ?? ''} ${body}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = await authority.issue({ commonName: 'apiserver', usages: ['client auth'] });
  const { port } = server.address() as AddressInfo;
  table
    .put(core.services, { metadata: { name: 'hook', namespace: 'team' }, spec: { ports: [{ name: 'https', port: 443 }] } })
    .put(core.services, { metadata: { name: 'empty', namespace: 'team' }, spec: { ports: [{ port: 443 }] } })
    .put(discovery.endpointslices, {
      metadata: { name: 'hook-1', namespace: 'team', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port }],
      endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }, { addresses: ['127.0.0.1'] }],
    });
});
afterAll(() => {
  caller.close();
  server.closeAllConnections();
  server.close();
});

it('calls the ready pods of a Service, by the name of the Service', async () => {
  expect(await caller.post({ service: { namespace: 'team', name: 'hook', path: '/review' }, caBundle }, 'body', { timeoutSeconds: 5 })).toMatchObject({ code: 200, body: '/review?timeout=5s body' });
});

it('calls this server itself for the Service kubernetes, also by its URL: with its own rights, and whatever names its certificate is for', async () => {
  const own = new OwnDoor('0.0.0.0', () => serving);
  const self = new HttpsCaller(new ServiceResolver(table), own);
  const asked = (name: string, port?: number) => self.post({ service: { namespace: 'default', name, path: '/who', ...(port === undefined ? {} : { port }) } }, '', { timeoutSeconds: 5 });
  await expect(asked('kubernetes')).rejects.toThrow('this server does not serve yet');
  own.behind(server.address() as AddressInfo);
  const [token = ''] = own.tokenLine.split(',');
  expect(own.tokenLine.endsWith(',system:masters')).toBe(true);
  expect((await asked('kubernetes')).body).toBe(`Bearer ${token} `);
  for (const other of [asked('kubernetes', 8443), asked('kubernetes2')]) await expect(other).rejects.toThrow('not found');
  const called = (url: string) => self.post({ url, caBundle: '' }, '', { timeoutSeconds: 5 });
  for (const url of ['https://kubernetes.default.svc/who', 'https://kubernetes.default.svc:443/who']) expect((await called(url)).body).toBe(`Bearer ${token} `);
  await expect(called('https://kubernetes.default.svc:8443/who')).rejects.toThrow('kubernetes.default.svc');
  self.close();
});

it('calls a URL', async () => {
  const { port } = server.address() as AddressInfo;
  expect((await caller.post({ url: `https://localhost:${port}/x`, caBundle }, '', { timeoutSeconds: 5 })).body).toBe('/x?timeout=5s ');
});

it.each([['//x', '/x'], ['/x/', '/x'], ['/a/../x//y', '/x/y'], ['/', '/'], ['', '/']])('asks for a path %j as %j', async (path, asked) => {
  const { port } = server.address() as AddressInfo;
  expect((await caller.post({ url: `https://localhost:${port}${path}`, caBundle }, '', { timeoutSeconds: 5 })).body).toBe(`${asked}?timeout=5s `);
});

it('tells of whole seconds', async () => {
  expect((await caller.post({ service: { namespace: 'team', name: 'hook', path: '/x' }, caBundle }, '', { timeoutSeconds: 3.5 })).body).toBe('/x?timeout=4s ');
});

it('trusts the very certificate that a bundle names, though it is no authority', async () => {
  const { port } = server.address() as AddressInfo;
  expect((await caller.post({ url: `https://localhost:${port}/x`, caBundle: Buffer.from(serving).toString('base64') }, '', { timeoutSeconds: 5 })).code).toBe(200);
});

it('shows who it is to whom it has credentials for', async () => {
  const asked: string[] = [];
  const credentials: CallerCredentials = {
    of: (target) => {
      asked.push(target);
      return Promise.resolve({ authorization: 'Bearer t', tls: client });
    },
  };
  const { port } = server.address() as AddressInfo;
  const options = { timeoutSeconds: 5, credentials };
  expect((await caller.post({ service: { namespace: 'team', name: 'hook', path: '/who' }, caBundle }, '', options)).body).toBe('Bearer t apiserver');
  expect((await caller.post({ url: `https://localhost:${port}/who`, caBundle }, '', options)).body).toBe('Bearer t apiserver');
  expect((await caller.post({ url: `https://localhost:${port}/who`, caBundle }, '', { timeoutSeconds: 5 })).body).toBe(' ');
  expect(asked).toEqual(['hook.team.svc:443', `localhost:${port}`]);
});

it.each<{ reason: string; config: Parameters<HttpsCaller['post']>[0]; says: RegExp }>([
  { reason: 'a Service that is not there', config: { service: { namespace: 'team', name: 'none' } }, says: /^Post "https:\/\/none\.team\.svc:443\/\?timeout=5s": service "none" not found$/ },
  { reason: 'a Service without pods', config: { service: { namespace: 'team', name: 'empty' } }, says: /no endpoints available for service "empty"$/ },
  { reason: 'a port that it does not have', config: { service: { namespace: 'team', name: 'hook', port: 8443 } }, says: /no service port 8443 found for service "hook"$/ },
  { reason: 'a certificate of a stranger', config: { service: { namespace: 'team', name: 'hook' } }, says: /^Post "https:\/\/hook\.team\.svc:443\/\?timeout=5s": tls: failed to verify certificate: x509: certificate signed by unknown authority$/ },
])('says what is wrong with $reason', async ({ config, says }) => {
  expect(await refusalOf(async () => {
    await caller.post(config, '', { timeoutSeconds: 5 });
  })).toMatch(says);
});

it('calls again where a kept connection has ended meanwhile', async () => {
  const { port } = server.address() as AddressInfo;
  const ends = new WeakSet<object>();
  let ended = 0;
  const onRequest = ({ socket }: IncomingMessage): void => {
    if (ends.has(socket)) {
      ended++;
      socket.destroy();
    }
    ends.add(socket);
  };
  server.prependListener('request', onRequest);
  const call = async (): Promise<string> => (await caller.post({ url: `https://localhost:${port}/again`, caBundle }, '', { timeoutSeconds: 5 })).body;
  expect([await call(), await call()]).toEqual(['/again?timeout=5s ', '/again?timeout=5s ']);
  server.off('request', onRequest);
  expect(ended).toBe(1);
});

it('goes where it is sent, and shows only whom it asked first who it is', async () => {
  const { port } = server.address() as AddressInfo;
  const credentials: CallerCredentials = { of: () => Promise.resolve({ authorization: 'Bearer t', tls: client }) };
  const sent = (code: number, location: string) =>
    caller.post({ service: { namespace: 'team', name: 'hook', path: `/to/${code}/${encodeURIComponent(location)}` }, caBundle }, 'body', { timeoutSeconds: 5, credentials });
  expect(await sent(307, '/there')).toMatchObject({ code: 200, body: '/there body' });
  expect(await sent(302, '/there')).toMatchObject({ code: 200, body: '/there ' });
  expect(await sent(308, '/who')).toMatchObject({ code: 200, body: 'Bearer t apiserver' });
  expect(await sent(307, `https://localhost:${port}/who`)).toMatchObject({ code: 200, body: ' ' });
  expect(await sent(307, '')).toMatchObject({ code: 307 });
  await expect(sent(307, 'https://localhost:1/gone')).rejects.toThrow('Post "https://localhost:1/gone": ');
});

it('waits no longer than it may', async () => {
  expect(await refusalOf(async () => {
    await caller.post({ service: { namespace: 'team', name: 'hook', path: '/slow' }, caBundle }, '', { timeoutSeconds: 0.05 });
  })).toContain('context deadline exceeded');
});
