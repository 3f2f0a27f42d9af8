import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { askIssuer, type IssuerCall } from './ask-issuer';

let server: Server;
let call: IssuerCall;
let port: number;

beforeAll(async () => {
  const authority = await CertificateAuthority.create('issuers', systemClock);
  const { cert, key } = await authority.issue({ commonName: 'issuer', hosts: ['localhost', '127.0.0.1'], usages: ['server auth'] });
  server = createServer({ cert, key }, ({ url = '', headers: { authorization = 'nobody' } }, response) => {
    if (url.startsWith('/to/')) response.writeHead(302, { Location: decodeURIComponent(url.slice('/to/'.length)) }).end();
    else if (url === '/keys') response.end(authorization);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  call = { ca: Buffer.from(authority.cert), headers: { Authorization: 'Bearer t' }, isWell: (status) => status === 200 };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('is answered by the issuer, or by whom it sends to, who hears not who asks', async () => {
  const ask = (path: string): Promise<string> => askIssuer(`https://localhost:${port}${path}`, call);
  expect(await ask('/keys')).toBe('Bearer t');
  expect(await ask('/to/%2Fkeys')).toBe('Bearer t');
  expect(await ask(`/to/${encodeURIComponent(`https://127.0.0.1:${port}/keys`)}`)).toBe('nobody');
  await expect(ask('/to/%2Fabsent')).rejects.toThrow(`https://localhost:${port}/to/%2Fabsent answered with status 404`);
  await expect(ask(`/to/${encodeURIComponent(`http://localhost:${port}/keys`)}`)).rejects.toThrow('unsupported protocol scheme "http"');
});
