import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { identityv1, readDescriptors } from '@navarch/proto';
import { connect, PushStream, RpcServer, RpcStatus, type CallContext, type RpcTls, type TlsMaterial, type TlsMaterialFiles } from './index';
import { peerOf } from './call-context';
import { reflectionDefinition } from './reflection-service';

let ca: CertificateAuthority;
let serverTls: RpcTls;
beforeAll(async () => {
  ca = await CertificateAuthority.create('test-ca', systemClock);
  const server = await ca.issue({ commonName: 'kube-apiserver', usages: ['server auth'], hosts: ['127.0.0.1', 'localhost', 'apiserver'] });
  serverTls = { ...server, ca: ca.cert };
});
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A server that answers with who asks. */
async function serve(tls: RpcTls = serverTls, port = 0): Promise<RpcServer> {
  const whoAmI = (_request: unknown, { peer }: CallContext) => Promise.resolve(identityv1.IssueBusCredentialsResponse.fromPartial({ jwt: JSON.stringify(peer) }));
  const handlers = Object.fromEntries(Object.keys(identityv1.IdentityServiceService).map((name) => [name, whoAmI])) as unknown as identityHandlers;
  const server = new RpcServer({ address: `127.0.0.1:${port}`, tls, descriptors: readDescriptors }, { log: silentLogger }).add(identityv1.IdentityServiceService, handlers);
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}
type identityHandlers = Parameters<typeof RpcServer.prototype.add<typeof identityv1.IdentityServiceService>>[1];

async function ask(address: string, tls: RpcTls | undefined, serverName?: string): Promise<unknown> {
  const channel = connect({ address, ...(tls ? { tls } : {}), ...(serverName === undefined ? {} : { serverName }) });
  cleanups.push(() => channel.close());
  const answer = await channel.client(identityv1.IdentityServiceService).issueBusCredentials(identityv1.IssueBusCredentialsRequest.fromPartial({}), { timeoutMs: 3000 });
  return JSON.parse(answer.jwt);
}

const clientTls = async (authority: CertificateAuthority, organizations: string[] = []): Promise<TlsMaterial> => ({ ...(await authority.issue({ commonName: 'system:node:n1', organizations, usages: ['client auth'] })), ca: ca.cert });

describe('mutual TLS', () => {
  it('tells the server who calls: user and groups', async () => {
    const { port } = await serve();
    expect(await ask(`127.0.0.1:${port}`, await clientTls(ca, ['system:nodes', 'b']))).toEqual({ name: 'system:node:n1', groups: ['system:nodes', 'b'] });
    expect(await ask(`localhost:${port}`, await clientTls(ca))).toEqual({ name: 'system:node:n1', groups: [] });
  });

  it('knows nobody by a certificate that has expired since the connection was made', () => {
    const certificate = { subject: { CN: 'jane', O: 'a' }, valid_to: 'Jan  2 00:00:00 2026 GMT' };
    expect(peerOf(certificate, Date.parse('2026-01-01T23:59:59Z'))).toEqual({ name: 'jane', groups: ['a'] });
    expect(() => peerOf(certificate, Date.parse('2026-01-02T00:00:00Z'))).toThrow('UNAUTHENTICATED: x509: certificate has expired or is not yet valid');
    expect(peerOf(undefined, 0)).toBeUndefined();
  });

  it('lets nobody in without a certificate of the CA', async () => {
    const { port } = await serve();
    const other = await CertificateAuthority.create('test-ca', systemClock);
    for (const tls of [undefined, await clientTls(other)]) {
      await expect(ask(`127.0.0.1:${port}`, tls)).rejects.toMatchObject({ code: RpcStatus.UNAVAILABLE });
    }
  });

  it('refuses a server that is not the one asked for', async () => {
    const { port } = await serve();
    const tls = await clientTls(ca);
    expect(await ask(`127.0.0.1:${port}`, tls, 'apiserver')).toMatchObject({ name: 'system:node:n1' });
    await expect(ask(`127.0.0.1:${port}`, tls, 'someone-else')).rejects.toMatchObject({ code: RpcStatus.UNAVAILABLE });
  });

  describe('by files', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'navarch-rpc-'));
      cleanups.push(() => rmSync(folder, { recursive: true }));
    });
    const write = (name: string, tls: RpcTls): TlsMaterialFiles => {
      if (!('ca' in tls)) throw new Error('not material');
      const files = { caFile: join(folder, `${name}-ca.crt`), certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
      writeFileSync(files.caFile, tls.ca);
      writeFileSync(files.certFile, tls.cert);
      writeFileSync(files.keyFile, tls.key);
      return files;
    };

    it('takes certificates from them', async () => {
      const { port } = await serve(write('server', serverTls));
      expect(await ask(`127.0.0.1:${port}`, write('client', await clientTls(ca)))).toMatchObject({ name: 'system:node:n1' });
    });

    it('connects anew when they hold a renewed certificate, and what streamed by the old one ends', async () => {
      const { port } = await serve(write('server', serverTls));
      const channel = connect({ address: `127.0.0.1:${port}`, tls: { ...write('client', await clientTls(ca, ['before'])), rereadEveryMs: 10 } });
      cleanups.push(() => channel.close());
      const identities = channel.client(identityv1.IdentityServiceService);
      const groups = async (): Promise<unknown> => (JSON.parse((await identities.issueBusCredentials(identityv1.IssueBusCredentialsRequest.fromPartial({}), { timeoutMs: 3000 })).jwt) as { groups: string[] }).groups;
      expect(await groups()).toEqual(['before']);
      const requests = new PushStream<Buffer>();
      const streamed = channel.client(reflectionDefinition).v1(requests);
      requests.push(Buffer.from([0x3a, 1, 0x2a]));
      expect((await streamed.next()).done).toBe(false);
      write('client', await clientTls(ca, ['after']));
      await expect(streamed.next()).rejects.toMatchObject({ code: RpcStatus.UNAVAILABLE });
      expect(await groups()).toEqual(['after']);
      requests.end();
    });

    it('lets what streams by the old one go on where that cannot be asked for anew', async () => {
      const { port } = await serve(write('server', serverTls));
      const channel = connect({ address: `127.0.0.1:${port}`, streamsOutliveRenewal: true, tls: { ...write('client', await clientTls(ca, ['before'])), rereadEveryMs: 10 } });
      cleanups.push(() => channel.close());
      const identities = channel.client(identityv1.IdentityServiceService);
      const groups = async (): Promise<unknown> => (JSON.parse((await identities.issueBusCredentials(identityv1.IssueBusCredentialsRequest.fromPartial({}), { timeoutMs: 3000 })).jwt) as { groups: string[] }).groups;
      const [requests, question] = [new PushStream<Buffer>(), Buffer.from([0x3a, 1, 0x2a])];
      const streamed = channel.client(reflectionDefinition).v1(requests);
      requests.push(question);
      expect((await streamed.next()).done).toBe(false);
      write('client', await clientTls(ca, ['after']));
      while (JSON.stringify(await groups()) !== '["after"]');
      requests.push(question);
      expect((await streamed.next()).done).toBe(false);
      expect(channel.callsInFlight).toBe(1);
      requests.end();
      expect((await streamed.next()).done).toBe(true);
      expect(channel.callsInFlight).toBe(0);
    });

    it('shows a renewed certificate when it connects again, and trusts who is renewed too, without a new start', async () => {
      const reread = { rereadEveryMs: 10 };
      const server = await serve(write('server', serverTls));
      const channel = connect({ address: `127.0.0.1:${server.port}`, tls: { ...write('client', await clientTls(ca, ['before'])), ...reread } });
      cleanups.push(() => channel.close());
      const groups = async (): Promise<unknown> =>
        (
          JSON.parse(
            (
              await channel
                .client(identityv1.IdentityServiceService)
                .issueBusCredentials(identityv1.IssueBusCredentialsRequest.fromPartial({}), { timeoutMs: 3000 })
            ).jwt,
          ) as { groups: string[] }
        ).groups;
      expect(await groups()).toEqual(['before']);
      // Even by another CA: all of the files are other ones now.
      const next = await CertificateAuthority.create('next-ca', systemClock);
      write('client', { ...(await clientTls(next, ['after'])), ca: next.cert });
      const { port } = server;
      await server.stop();
      await serve({ ...(await next.issue({ commonName: 'kube-apiserver', usages: ['server auth'], hosts: ['127.0.0.1'] })), ca: next.cert }, port);
      for (let tries = 0; ; tries++) {
        const seen = await groups().catch((error: unknown) => error);
        if (Array.isArray(seen)) {
          expect(seen).toEqual(['after']);
          break;
        }
        if (tries >= 200) throw seen;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
  });
});

describe('reflection', () => {
  it('lists the services and describes them', async () => {
    const { port } = await serve();
    const channel = connect({ address: `127.0.0.1:${port}`, tls: await clientTls(ca) });
    cleanups.push(() => channel.close());
    for (const version of ['v1', 'v1alpha'] as const) {
      const requests = new PushStream<Buffer>();
      const answers = channel.client(reflectionDefinition)[version](requests);
      // list_services = 7: "*"; file_containing_symbol = 4
      requests.push(Buffer.from([0x3a, 1, 0x2a]));
      expect((await answers.next()).value?.toString('latin1')).toContain('navarch.identity.v1.IdentityService');
      const symbol = Buffer.from('navarch.identity.v1.IdentityService');
      requests.push(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]));
      expect((await answers.next()).value?.toString('latin1')).toContain('IssueBusCredentialsRequest');
      requests.end();
      expect((await answers.next()).done).toBe(true);
    }
  });
});
