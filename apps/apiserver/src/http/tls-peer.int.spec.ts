import { silentLogger } from '@navarch/component-base';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { Registry } from 'prom-client';
import { isIssuedBy } from '../auth/authentication/issued-by';
import type { TlsPeer } from '../pipeline';
import { HttpsServer } from './https-server';

// `root` has signed `between`, which has signed `jane`; all of them are valid for a hundred years.
const root = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUfJOQFbOEiN45skrNY3DCFdlNo2QwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMzAxNzUyMTFaGA8yMTI2MTEwNjE3NTIx
MVowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIKN
Ws+vZ2OTwzrmggvCVukmPfugKkpOfio6AgiG2SeuBOuoFN+7C39HDr79DNkYs/DX
8t/zBCU3wbQvi4HgwOmjUzBRMB0GA1UdDgQWBBQdOjKanYK+o5HSQ0IBSWkhYSQw
AjAfBgNVHSMEGDAWgBQdOjKanYK+o5HSQ0IBSWkhYSQwAjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDQkFbr6EXlyzPNN07ARbUp21Z/Fu5OdPMA
0PN1oUnfjwIgRNNyTp7cs77lNH32jFBeVkjXuV9kkCZbJOARfxqbbXs=
-----END CERTIFICATE-----
`;
const between = `-----BEGIN CERTIFICATE-----
MIIBhzCCAS6gAwIBAgIUHlrtBZeRy4iGdR4F7GwZ/F6n42gwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMzAxNzUyMTJaGA8yMTI2MTEwNjE3NTIx
MlowEjEQMA4GA1UEAwwHYmV0d2VlbjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BFmCRL4iNNVri1mrp9EBcEKylmjjJ/F4RJgYPEZqzLlrC1ZbgO/zhmYCTEGTcywn
zXOHpKf43ROf0KrID6EyQeyjYzBhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/
BAQDAgIEMB0GA1UdDgQWBBSJibBzit+HegXch6H0a7Tkqb89TzAfBgNVHSMEGDAW
gBQdOjKanYK+o5HSQ0IBSWkhYSQwAjAKBggqhkjOPQQDAgNHADBEAiBCexF6byo2
LhZFZzW4mCAg0N5AihR/KajyHlovEanJMgIgMzYaLuE1yPICitIF4GMFf/6ufUZC
HgAFCWJFY1i/GYg=
-----END CERTIFICATE-----
`;
const jane = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBijCCATCgAwIBAgIUd+IVWjWfZtn595KmwqbOA1yN2sgwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHYmV0d2VlbjAgFw0yNjExMzAxNzUyMTNaGA8yMTI2MTEwNjE3
NTIxM1owHTEMMAoGA1UECgwDb3BzMQ0wCwYDVQQDDARqYW5lMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEwcLV2iOS4kNkVwpirsXUKiz//sZSlb44uCLqb1EqUUUb
77iE4F2PnASHn800hhdzAqUcTRhxqVle+0YQU4I8PKNXMFUwEwYDVR0lBAwwCgYI
KwYBBQUHAwIwHQYDVR0OBBYEFBc7U6y/Hv5WgL+blccLzUA4DIkbMB8GA1UdIwQY
MBaAFImJsHOK34d6BdyHofRrtOSpvz1PMAoGCCqGSM49BAMCA0gAMEUCIQDAW9kz
c7T8JpPzTJdQJsu6yk3ZF6J9wXDii92CSZgsHgIgD3j3qz+VPElNwqsOkDdlp0d1
MqJoRHAenOLc2BY5pms=
-----END CERTIFICATE-----
`,
  key: `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGXwcZD3xNmAWkaQkFfE0O6g1Zh2zpJw4wd6qGc1Zm/GoAoGCCqGSM49
AwEHoUQDQgAEwcLV2iOS4kNkVwpirsXUKiz//sZSlb44uCLqb1EqUUUb77iE4F2P
nASHn800hhdzAqUcTRhxqVle+0YQU4I8PA==
-----END EC PRIVATE KEY-----
`,
};

it('knows a client by way of those that it sends along, also when it resumes its session', async () => {
  const own = await (await CertificateAuthority.create('server', systemClock)).issue({ commonName: 'own', usages: ['server auth'] });
  const peers: (TlsPeer | undefined)[] = [];
  const target = {
    handle: (_request: unknown, response: { end(): unknown }, connection?: { readonly peer: TlsPeer | undefined }): Promise<void> => {
      peers.push(connection?.peer);
      response.end();
      return Promise.resolve();
    },
    handleUpgrade: (): Promise<void> => Promise.reject(new Error('nobody asks')),
  };
  const server = new HttpsServer({ host: '127.0.0.1', port: 0, tls: { ...own, ca: root } }, { target, log: silentLogger, metrics: new Registry() });
  await server.start();
  const ask = async (cert: string, session?: Buffer): Promise<{ isResumed: boolean; session: Buffer | undefined }> => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: server.port, cert, key: jane.key, rejectUnauthorized: false, ...(session ? { session } : {}) });
    const sessions: Buffer[] = [];
    socket.on('session', (ticket: Buffer) => sessions.push(ticket));
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'end');
    return { isResumed: socket.isSessionReused(), session: sessions.at(-1) };
  };
  const alone = await ask(jane.cert);
  const first = await ask(jane.cert + between);
  const again = await ask(jane.cert + between, first.session);
  await server.stop();
  expect([alone.isResumed, first.isResumed, again.isResumed]).toEqual([false, false, true]);
  const chain = { commonName: 'jane', organizations: ['ops'], certificate: new X509Certificate(jane.cert).raw, intermediates: [new X509Certificate(between).raw] };
  expect(peers).toEqual([undefined, chain, chain]);
  const [byRoot, byBetween, byNobody] = [[new X509Certificate(root)], [new X509Certificate(between)], [new X509Certificate(own.cert)]];
  const { intermediates, ...withoutChain } = chain;
  expect([isIssuedBy(chain, byRoot), isIssuedBy(chain, byBetween), isIssuedBy(chain, byNobody)]).toEqual([true, true, false]);
  expect([isIssuedBy(withoutChain, byRoot), isIssuedBy({ ...withoutChain, certificate: intermediates[0] ?? Buffer.alloc(0) }, byRoot)]).toEqual([false, true]);
});
