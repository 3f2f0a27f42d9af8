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
beforeAll(async () => {
  directory = await makeTempDir();
  const { cert, key } = await (await CertificateAuthority.create('webhooks', systemClock)).issue({ commonName: 'hook', hosts: ['localhost'], usages: ['server auth'] });
  server = createServer({ cert, key }, ({ headers: { authorization = null } }, response) => void response.end(JSON.stringify({ authorization })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await directory.remove();
});

async function answerTo(user: object, cluster: object = { 'insecure-skip-tls-verify': true }): Promise<unknown> {
  const file = join(directory.path, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  await writeFile(file, JSON.stringify({ 'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }], users: [{ name: 'a', user }], clusters: [{ name: 'a', cluster: { server: `https://localhost:${port}`, ...cluster } }] }));
  const endpoint = await KubeconfigEndpoint.load(file);
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

it('believes no stranger, unless it is told to', async () => {
  expect(await refusalOf(async () => {
    await answerTo({}, {});
  })).toContain('certificate');
});
