import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { eventually, makeTempDir, startEtcd, type TestEtcd } from '@navarch/testing';
import { exportJWK, generateKeyPair, type JWK, SignJWT, type CryptoKey } from 'jose';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Review {
  status: { userInfo: { username: string; groups: string[]; extra?: Record<string, string[]> } };
}

describe('files that say who is who, and who decides', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let admin: RestClient;
  let nobody: RestClient;
  let issuer: Server;
  let url: string;
  let key: CryptoKey;
  let ca: string;
  let directory: Awaited<ReturnType<typeof makeTempDir>>;

  const authentication = (prefix: string, more: object = {}) => stringify({
    apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    jwt: [{ issuer: { url, certificateAuthority: ca, audiences: ['navarch'] }, claimMappings: { username: { claim: 'sub', prefix }, groups: { expression: 'claims.roles' }, extra: [{ key: 'example.com/team', valueExpression: 'claims.team' }] }, userValidationRules: [{ expression: '!user.username.startsWith("system:")', message: 'reserved' }], ...more }],
  });
  const authorization = (...types: string[]) => stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers: types.map((type) => ({ type, name: type.toLowerCase() })) });
  const token = (sub: string): Promise<string> =>
    new SignJWT({ roles: ['dev'], team: 'a' })
      .setSubject(sub)
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer(url)
      .setAudience('navarch')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key);
  const as = async (sub: string) => ({ headers: { Authorization: `Bearer ${await token(sub)}` } });

  beforeAll(async () => {
    directory = await makeTempDir();
    const authority = await CertificateAuthority.create('issuers', systemClock);
    ca = authority.cert;
    const { cert, key: tlsKey } = await authority.issue({ commonName: 'issuer', hosts: ['localhost'], usages: ['server auth'] });
    const pair = await generateKeyPair('ES256', { extractable: true });
    key = pair.privateKey;
    const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' };
    issuer = createServer({ cert, key: tlsKey }, (request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }));
    });
    issuer.listen(0);
    await once(issuer, 'listening');
    url = `https://localhost:${(issuer.address() as AddressInfo).port}`;
    await writeFile(join(directory.path, 'authentication.yaml'), authentication('jwt:'));
    await writeFile(join(directory.path, 'authorization.yaml'), authorization('Node', 'RBAC'));
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--authentication-config=${join(directory.path, 'authentication.yaml')}`, `--authorization-config=${join(directory.path, 'authorization.yaml')}`] });
    admin = await RestClient.of(server);
    nobody = await RestClient.of(server, true);
  }, 60_000);

  afterAll(async () => {
    for (const client of [admin, nobody]) client.close();
    await server.stop();
    await etcd.stop();
    issuer.close();
    await directory[Symbol.asyncDispose]();
  });

  const whoAmI = async (sub: string) => nobody.call<Review>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, ...(await as(sub)) });

  it('make users of tokens', async () => {
    expect((await whoAmI('jane')).body.status.userInfo).toMatchObject({ username: 'jwt:jane', groups: ['dev', 'system:authenticated'], extra: { 'example.com/team': ['a'] } });
    const review = await admin.post<{ status: object }>('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: await token('jane') } });
    expect(review.body.status).toMatchObject({ authenticated: true, user: { username: 'jwt:jane' } });
  });

  it('let those who show nothing in where they say, and nowhere else', async () => {
    expect(await nobody.get('/livez')).toMatchObject({ code: 200 });
    expect(await nobody.get('/readyz')).toMatchObject({ code: 401 });
    expect(await nobody.get('/api/v1/pods')).toMatchObject({ code: 401 });
  });

  it('count anew when they change, and not when they are wrong', async () => {
    await writeFile(join(directory.path, 'authentication.yaml'), authentication('other:'));
    await eventually(async () => (await whoAmI('jane')).body.status.userInfo.username === 'other:jane');
    const failures = async (): Promise<number> => Number(/automatic_reloads_total\{apiserver_id_hash="sha256:[0-9a-f]+",status="failure"\} (\d+)/.exec((await admin.get('/metrics')).raw.toString())?.[1] ?? 0);
    // A file that is read while it is being written is wrong too.
    const before = await failures();
    await writeFile(join(directory.path, 'authentication.yaml'), 'kind: Nonsense');
    await eventually(async () => (await failures()) > before);
    expect((await whoAmI('jane')).body.status.userInfo.username).toBe('other:jane');
    await writeFile(join(directory.path, 'authentication.yaml'), authentication(''));
    await eventually(async () => (await whoAmI('jane')).body.status.userInfo.username === 'jane');
    expect(await whoAmI('system:admin')).toMatchObject({ code: 401 });
  });

  it('let others decide when they say so', async () => {
    const list = async () => (await nobody.call('GET', '/api/v1/namespaces/default/pods', await as('jane'))).code;
    expect(await list()).toBe(403);
    await writeFile(join(directory.path, 'authorization.yaml'), authorization('Node', 'AlwaysAllow'));
    await eventually(async () => (await list()) === 200);
    await writeFile(join(directory.path, 'authorization.yaml'), authorization('Node', 'RBAC'));
    await eventually(async () => (await list()) === 403);
    expect((await admin.get('/metrics')).raw.toString()).toMatch(/apiserver_authorization_decisions_total\{type="AlwaysAllow",name="alwaysallow",decision="allowed"\} \d+/);
  });

  it('believe another front proxy as soon as its authority is written down, and end no connection for that', async () => {
    const { frontProxyClient: { ca: file } } = server.pki.files;
    const authority = await CertificateAuthority.create('other-front-proxies', systemClock);
    const { cert, key: proxyKey } = await authority.issue({ commonName: 'front-proxy-client', usages: ['client auth'] });
    const own = { ca: server.pki.files.admin.ca, cert: join(directory.path, 'proxy.crt'), key: join(directory.path, 'proxy.key') };
    await Promise.all([writeFile(own.cert, cert), writeFile(own.key, proxyKey)]);
    const proxied = async (): Promise<unknown> => {
      const proxy = await RestClient.as(server, own);
      const { body } = await proxy.call<{ status?: Partial<Review['status']> }>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers: { 'X-Remote-User': 'proxied' } }).finally(() => proxy.close());
      return body.status?.userInfo?.username;
    };
    const watch = await admin.watch('/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0');
    expect(await proxied()).toBeUndefined();
    await writeFile(file, authority.cert);
    await eventually(async () => (await proxied()) === 'proxied');
    await eventually(async () => (await admin.get<{ data: Record<string, string> }>('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')).body.data['requestheader-client-ca-file']?.split('BEGIN').length === 3);
    await admin.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'seen' } });
    expect((await watch.next()).object.metadata.name).toBe('seen');
    watch.stop();
  });
});
