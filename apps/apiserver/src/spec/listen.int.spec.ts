import { hostPort, listenAddress } from '@navarch/component-base';
import { connect, healthDefinition, ServingStatus } from '@navarch/rpc';
import { eventually, makeTempDir, startEtcd, type TestEtcd } from '@navarch/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { startTestApiserver, type TestApiserver } from '../testing';

const families = listenAddress('0.0.0.0') === '::' ? ['127.0.0.1', '::1'] : ['127.0.0.1'];

describe('a server told to listen on 0.0.0.0', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let directory: Awaited<ReturnType<typeof makeTempDir>>;

  beforeAll(async () => {
    directory = await makeTempDir();
    const policy = join(directory.path, 'policy.yaml');
    await writeFile(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }));
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: ['--bind-address=0.0.0.0', `--audit-policy-file=${policy}`, `--audit-log-path=${join(directory.path, 'audit.log')}`] });
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await etcd.stop();
    await directory[Symbol.asyncDispose]();
  });

  const codeFrom = async (host: string, headers: Record<string, string>): Promise<number | undefined> => {
    const { ca, cert, key } = await server.credentials(server.pki.files.admin);
    return new Promise((resolve, reject) => {
      request({ host, port: server.port, path: '/api/v1/nodes', ca, cert, key, headers, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
    });
  };
  const sourcesOf = (id: string): Promise<readonly string[]> => eventually(async () => {
    const events = (await readFile(join(directory.path, 'audit.log'), 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line) as { auditID: string; sourceIPs: string[] });
    return events.find(({ auditID }) => auditID === id)?.sourceIPs;
  });

  it.each(families)('answers at %s, and notes it as it is written everywhere else', async (host) => {
    expect(await codeFrom(host, { 'Audit-ID': host })).toBe(200);
    expect(await sourcesOf(host)).toEqual([host]);
  });

  it('notes whom a proxy speaks for before the proxy', async () => {
    expect(await codeFrom('127.0.0.1', { 'Audit-ID': 'for-another', 'X-Forwarded-For': '198.51.100.1' })).toBe(200);
    expect(await sourcesOf('for-another')).toEqual(['198.51.100.1', '127.0.0.1']);
  });

  it.each(families)('answers gRPC at %s', async (host) => {
    const channel = connect({ address: hostPort(host, server.grpcPort), tls: await server.credentials(server.pki.files.admin) });
    try {
      expect(await channel.client(healthDefinition).check({ service: '' })).toMatchObject({ status: ServingStatus.SERVING });
    } finally {
      channel.close();
    }
  });
});
