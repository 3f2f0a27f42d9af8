import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type certificatesv1 } from '@navarch/api';
import { FakeClock, systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { CertificateAuthority, parseCertificateRequest } from '@navarch/pki';
import { Registry } from 'prom-client';
import { CertificateRotation } from './certificate-rotation';
import { CertificateStore, renewalMs } from './certificate-store';
import { joinCluster, nodeSubject } from './join-cluster';
import { type RequestApi } from './request-certificate';
import { CertificateMetrics } from './certificate-metrics';

describe('certificates of a kubelet', () => {
  let folder: string;
  let ca: CertificateAuthority;
  let store: CertificateStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubelet-pki-'));
    ca = await CertificateAuthority.create('ca', systemClock);
    store = new CertificateStore(join(folder, 'client.crt'), join(folder, 'client.key'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Signs as the controllers do. */
  const sign = async ({ spec }: certificatesv1.CertificateSigningRequest): Promise<string> => {
    const { commonName, organizations, dnsNames, ipAddresses, publicKey } = await parseCertificateRequest(Buffer.from(spec.request, 'base64').toString());
    return Buffer.from(
      await ca.sign(
        {
          commonName,
          organizations,
          hosts: [...dnsNames, ...ipAddresses],
          usages: spec.usages?.includes('server auth') ? ['server auth'] : ['client auth'],
          validityMs: 100_000_000,
        },
        publicKey,
      ),
    ).toString('base64');
  };

  describe('are renewed', () => {
    let clock: FakeClock;
    let requests: certificatesv1.CertificateSigningRequest[];
    const api: RequestApi = {
      create: (request) => {
        const made = { ...request, metadata: { name: `csr-${requests.length}` } };
        requests.push(made);
        return Promise.resolve(made);
      },
      get: (name) => Promise.resolve(requests.find(({ metadata }) => metadata.name === name)!),
    };

    beforeEach(() => {
      clock = new FakeClock(Date.now());
      requests = [];
    });

    const until = async (what: string, holds: () => boolean | Promise<boolean>, stepMs = 500): Promise<void> => {
      for (const end = performance.now() + 30_000; performance.now() < end;) {
        if (await holds()) return;
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(stepMs);
      }
      throw new Error(`never came true: ${what}`);
    };
    const answer = (index: number, status: certificatesv1.CertificateSigningRequestStatus): void => {
      requests[index] = { ...requests[index]!, status };
    };

    it('before they end, for a new key each time, and whoever denies one is asked again later', async () => {
      const registry = new Registry();
      const rotation = new CertificateRotation(
        { name: 'serving', signer: 'kubernetes.io/kubelet-serving', store, subject: { ...nodeSubject('n1'), hosts: ['n1', '192.0.2.1'] } },
        { api, clock, log: silentLogger, random: () => 0.5, metrics: new CertificateMetrics('server', store, clock, registry) },
      );
      await rotation.start();
      await until('asked', () => requests.length === 1);
      expect(requests[0]?.spec).toMatchObject({ signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] });
      answer(0, { conditions: [{ type: 'Denied', status: 'True', reason: 'No' }] });
      await until('asked again', () => requests.length === 2);
      answer(1, { certificate: await sign(requests[1]!) });
      await until('written', async () => (await store.read()) !== undefined);
      const first = (await store.read())?.cert ?? '';
      const { subject, subjectAltName } = new X509Certificate(first);
      expect([subject, subjectAltName]).toEqual(['O=system:nodes\nCN=system:node:n1', 'DNS:n1, IP Address:192.0.2.1']);
      await until('renewal asked for', () => requests.length === 3, 600_000);
      expect(clock.now()).toBeGreaterThanOrEqual(renewalMs(first, 0.5));
      answer(2, { certificate: await sign(requests[2]!) });
      await until('renewed', async () => (await store.read())?.cert !== first);
      await until('told of', async () => (await registry.metrics()).includes('kubelet_certificate_manager_server_rotation_seconds_count 1'));
      const metrics = await registry.metrics();
      const ttl = Number(/^kubelet_certificate_manager_server_ttl_seconds (\S+)$/m.exec(metrics)?.[1]);
      expect(Date.parse(new X509Certificate((await store.read())?.cert ?? '').validTo)).toBe(clock.now() + ttl * 1000);
      for (const line of ['kubelet_server_expiration_renew_errors 1', 'kubelet_certificate_manager_server_rotation_seconds_count 1']) expect(metrics).toContain(line);
      await rotation.stop();
    });
  });

  describe('are got with a bootstrap token', () => {
    let server: Server;
    let asked: { token: string | undefined; spec: certificatesv1.CertificateSigningRequestSpec }[];
    let path: string;

    beforeEach(async () => {
      asked = [];
      let pending: certificatesv1.CertificateSigningRequest | undefined;
      const { cert, key } = await ca.issue({ commonName: 'kube-apiserver', hosts: ['127.0.0.1'], usages: ['server auth'] });
      server = createServer({ cert, key }, (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
          if (request.headers.authorization !== 'Bearer abcdef.0123456789abcdef') {
            response.writeHead(401).end('{"message":"Unauthorized"}');
            return;
          }
          if (request.method === 'POST') {
            pending = { ...(JSON.parse(body) as certificatesv1.CertificateSigningRequest), metadata: { name: 'csr-1' } };
            asked.push({ token: request.headers.authorization, spec: pending.spec });
            response.writeHead(201).end(JSON.stringify(pending));
          } else if (pending) void sign(pending).then((certificate) => response.writeHead(200).end(JSON.stringify({ ...pending, status: { certificate } })));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      path = join(folder, 'bootstrap.kubeconfig');
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));


    it('once, as the node that this machine is', async () => {
      await writeFile(path, JSON.stringify({
        'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c', 'contexts': [{ name: 'c', context: { cluster: 'k', user: 'b' } }], 'users': [{ name: 'b', user: { token: 'abcdef.0123456789abcdef' } }],
        'clusters': [{ name: 'k', cluster: { 'server': `https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'certificate-authority-data': Buffer.from(ca.cert).toString('base64') } }],
      }));
      await joinCluster(path, store, 'n1', { clock: systemClock, log: silentLogger }, new AbortController().signal);
      expect(asked).toMatchObject([{ spec: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] } }]);
      expect(new X509Certificate((await store.read())?.cert ?? '').subject).toBe('O=system:nodes\nCN=system:node:n1');
      await joinCluster(path, store, 'n1', { clock: systemClock, log: silentLogger }, new AbortController().signal);
      expect(asked).toHaveLength(1);
    });

    it('never with a token that is refused, until it is given up', async () => {
      const stop = new AbortController();
      await writeFile(path, 'apiVersion: v1\nkind: Config\n');
      const joining = joinCluster(path, store, 'n1', { clock: systemClock, log: silentLogger }, stop.signal);
      stop.abort(new Error('given up'));
      await expect(joining).rejects.toThrow('given up');
      expect(await store.read()).toBeUndefined();
    });
  });
});
