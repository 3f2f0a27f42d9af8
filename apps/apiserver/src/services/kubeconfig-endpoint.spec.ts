import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { makeTempDir, type TempDir } from '@navarch/testing';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { refusalOf } from '../testing/admission-attributes';
import { KubeconfigEndpoint } from './kubeconfig-endpoint';

let server: Server;
let directory: TempDir;
let authority: CertificateAuthority;
beforeAll(async () => {
  directory = await makeTempDir();
  authority = await CertificateAuthority.create('webhooks', systemClock);
  const { cert, key } = await authority.issue({ commonName: 'hook', hosts: ['localhost'], usages: ['server auth'] });
  server = createServer({ cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false }, ({ url, headers: { authorization = null }, socket }, response) => {
    if (url?.startsWith('/to/') === true) {
      response.writeHead(307, { Location: decodeURIComponent(url.slice('/to/'.length)) }).end();
      return;
    }
    const name = (socket as unknown as { getPeerCertificate(): { subject?: { CN: string } } }).getPeerCertificate().subject?.CN;
    response.end(JSON.stringify({ authorization, name }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await directory.remove();
});

async function load(user: object, cluster: object = { 'insecure-skip-tls-verify': true }): Promise<KubeconfigEndpoint> {
  const file = join(directory.path, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  await writeFile(
    file,
    JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      users: [{ name: 'a', user }],
      clusters: [{ name: 'a', cluster: { server: `https://localhost:${port}`, ...cluster } }],
    }),
  );
  return KubeconfigEndpoint.load(file);
}

async function answerTo(user: object, cluster?: object): Promise<unknown> {
  const endpoint = await load(user, cluster);
  return endpoint.post({}, 10_000).finally(() => endpoint.close());
}

it.each([
  { user: {}, authorization: null },
  { user: { token: 't' }, authorization: 'Bearer t' },
  { user: { token: 't', tokenFile: 'token' }, authorization: 'Bearer from-file' },
  { user: { username: 'jane', password: 'secret' }, authorization: 'Basic amFuZTpzZWNyZXQ=' },
])('shows the credentials of its user: $user', async ({ user, authorization }) => {
  await writeFile(join(directory.path, 'token'), 'from-file\n');
  expect(await answerTo(user)).toEqual({ authorization });
});

it('shows the certificate that its user\'s files hold now', async () => {
  const renew = async (commonName: string): Promise<void> => {
    const { cert, key } = await authority.issue({ commonName, usages: ['client auth'] });
    await writeFile(join(directory.path, 'client.crt'), cert);
    await writeFile(join(directory.path, 'client.key'), key);
  };
  await renew('before');
  const endpoint = await load({ 'client-certificate': 'client.crt', 'client-key': 'client.key' });
  try {
    expect(await endpoint.post({}, 10_000)).toMatchObject({ name: 'before' });
    await renew('after');
    expect(await endpoint.post({}, 10_000)).toMatchObject({ name: 'after' });
  } finally {
    endpoint.close();
  }
});

it('goes where it is sent, and shows only whom it asked first who it is', async () => {
  const { port } = server.address() as AddressInfo;
  const sent = (location: string) => answerTo({ token: 't' }, { 'insecure-skip-tls-verify': true, server: `https://localhost:${port}/to/${encodeURIComponent(location)}` });
  expect(await sent('/there')).toEqual({ authorization: 'Bearer t' });
  expect(await sent(`https://127.0.0.1:${port}/there`)).toEqual({ authorization: null });
});

it('believes no stranger, unless it is told to', async () => {
  expect(await refusalOf(async () => {
    await answerTo({}, {});
  })).toContain('certificate');
});
