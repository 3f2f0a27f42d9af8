import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { isForbidden, isNotFound, isServiceUnavailable } from '@navarch/apimachinery';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { HttpsRestApi, noRestApi } from './json-reader';

const signal = new AbortController().signal;

describe('reading by REST', () => {
  let folder: string;
  let server: Server;
  let reader: HttpsRestApi;
  let renew: (commonName: string) => Promise<void>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'navarch-test-'));
    const ca = await CertificateAuthority.create('ca', systemClock);
    const own = await ca.issue({ commonName: 'apiserver', usages: ['server auth'], hosts: ['127.0.0.1'] });
    const mine = await ca.issue({ commonName: 'system:kube-controller-manager', usages: ['client auth'] });
    server = createServer({ cert: own.cert, key: own.key, ca: ca.cert, requestCert: true, rejectUnauthorized: true }, (request, answer) => {
      if (request.url === '/who') answer.end(JSON.stringify({ name: (request.socket as unknown as Pick<TLSSocket, 'getPeerCertificate'>).getPeerCertificate().subject.CN }));
      else if (request.url === '/refused') answer.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'not you', metadata: {} }));
      else if (request.url === '/thing' && request.method === 'DELETE') answer.writeHead(202).end('{}');
      else if (request.url === '/cut') answer.destroy();
      else answer.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const { port } = server.address() as AddressInfo;
    renew = async (commonName) => {
      const next = await ca.issue({ commonName, usages: ['client auth'] });
      file('mine.crt', next.cert);
      file('mine.key', next.key);
    };
    reader = new HttpsRestApi({ server: `https://127.0.0.1:${port}/`, caFile: file('ca.crt', ca.cert), certFile: file('mine.crt', mine.cert), keyFile: file('mine.key', mine.key) });
  });
  afterAll(async () => {
    reader.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('shows the certificate of the process', async () => expect(await reader.get('/who', signal)).toEqual({ name: 'system:kube-controller-manager' }));

  it('shows a renewed one, on no connection of the old', async () => {
    await renew('renewed');
    expect(await reader.get('/who', signal)).toEqual({ name: 'renewed' });
  });

  it('deletes', async () => {
    await reader.delete('/thing', signal);
    expect(isNotFound(await reader.get('/thing', signal).catch((cause: unknown) => cause))).toBe(true);
    expect(isForbidden(await reader.delete('/refused', signal).catch((cause: unknown) => cause))).toBe(true);
  });

  it.each([
    { what: 'what the server says', path: '/refused', is: isForbidden, message: 'not you' },
    { what: 'that nothing is served there', path: '/nothing', is: isNotFound, message: 'the server could not find the requested resource' },
    { what: 'that it was cut off', path: '/cut', is: isServiceUnavailable, message: 'the server is currently unable to handle the request: ' },
  ])('tells $what', async ({ path, is, message }) => {
    const error: unknown = await reader.get(path, signal).catch((cause: unknown) => cause);
    expect(is(error)).toBe(true);
    expect((error as Error).message).toContain(message);
  });

  it('ends when it is no longer wanted', async () => {
    const stopping = new AbortController();
    stopping.abort(new Error('stopped'));
    await expect(reader.get('/who', stopping.signal)).rejects.toThrow('stopped');
  });

  it('says so when it was not told where', async () => expect(isServiceUnavailable(await noRestApi.get('/who', signal).catch((cause: unknown) => cause))).toBe(true));
});
