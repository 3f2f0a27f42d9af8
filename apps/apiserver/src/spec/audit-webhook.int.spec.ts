import { eventually, makeTempDir, startEtcd, type TempDir, type TestEtcd } from '@navarch/testing';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

interface Event {
  readonly auditID: string;
  readonly stage: string;
  readonly responseStatus?: { readonly code: number };
}

/** Takes audit events, or answers with another code. */
class Receiver {
  readonly events: Event[] = [];
  readonly kinds = new Set<string>();
  code = 200;
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const { kind, apiVersion, items } = JSON.parse(Buffer.concat(chunks).toString()) as { kind: string; apiVersion: string; items: Event[] };
      this.kinds.add(`${request.method ?? ''} ${request.headers['content-type'] ?? ''} ${apiVersion} ${kind}`);
      if (this.code === 200) this.events.push(...items);
      response.writeHead(this.code).end('no JSON, which nobody reads');
    });
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/audit`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

describe('audit events', () => {
  let etcd: TestEtcd;
  let directory: TempDir;
  let receiver: Receiver;
  let server: TestApiserver;
  let admin: RestClient;
  const pods = '/api/v1/namespaces/default/pods';

  const start = async (...flags: string[]): Promise<void> => {
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--audit-policy-file=${join(directory.path, 'policy.yaml')}`, `--audit-webhook-config-file=${join(directory.path, 'webhook.yaml')}`, ...flags] });
    admin = await RestClient.of(server);
  };
  const call = (id: string): Promise<{ code: number; raw: Buffer }> => admin.call('GET', pods, { headers: { 'Audit-ID': id } });
  const metric = async (line: string): Promise<boolean> => (await admin.get('/metrics')).raw.toString().split('\n').includes(line);

  beforeAll(async () => {
    [etcd, directory] = await Promise.all([startEtcd(), makeTempDir()]);
    await writeFile(join(directory.path, 'policy.yaml'), JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['pods'] }], users: ['kubernetes-admin'] }] }));
  }, 60_000);

  beforeEach(async () => {
    receiver = new Receiver();
    await writeFile(join(directory.path, 'webhook.yaml'), JSON.stringify({
      'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'a' } }], clusters: [{ name: 'a', cluster: { server: await receiver.start() } }],
    }));
  });

  afterEach(async () => {
    admin.close();
    await server.stop();
    await receiver.stop();
  });

  afterAll(async () => {
    await etcd.stop();
    await directory[Symbol.asyncDispose]();
  });

  it('are posted in lists', async () => {
    await start('--audit-webhook-batch-max-size=2');
    expect(await call('one')).toMatchObject({ code: 200 });
    await eventually(() => receiver.events.filter(({ auditID }) => auditID === 'one').length === 2);
    expect(receiver.events).toMatchObject([{ stage: 'RequestReceived' }, { stage: 'ResponseComplete', responseStatus: { code: 200 } }]);
    expect([...receiver.kinds]).toEqual(['POST application/json audit.k8s.io/v1 EventList']);
  }, 60_000);

  it('that wait are posted before the server is gone', async () => {
    await start();
    await call('last');
    expect(receiver.events).toEqual([]);
    await server.stop();
    expect(receiver.events.map(({ auditID }) => auditID)).toEqual(['last', 'last']);
  }, 60_000);

  it('that nobody takes are counted, and harm no request', async () => {
    await start('--audit-webhook-batch-max-size=2', '--audit-webhook-initial-backoff=1ms');
    receiver.code = 503;
    expect(await call('lost')).toMatchObject({ code: 200 });
    await eventually(() => metric('apiserver_audit_error_total{plugin="webhook"} 2'));
    receiver.code = 200;
    await call('kept');
    await eventually(() => receiver.events.some(({ auditID }) => auditID === 'kept'));
    expect(await metric('apiserver_audit_requests_rejected_total 0')).toBe(true);
  }, 60_000);

  it('refuse the request if nothing may go unaudited', async () => {
    await start('--audit-webhook-mode=blocking-strict', '--audit-webhook-initial-backoff=1ms');
    receiver.code = 500;
    const { code, raw } = await call('refused');
    expect([code, raw.toString()]).toEqual([500, `Internal Server Error: "${pods}": failed to store audit event\n`]);
    expect(await metric('apiserver_audit_requests_rejected_total 1')).toBe(true);
    receiver.code = 200;
    expect(await call('taken')).toMatchObject({ code: 200 });
    expect(receiver.events[0]).toMatchObject({ auditID: 'taken', stage: 'RequestReceived' });
  }, 60_000);

  it('of the blocking mode are there before the answer is, but do not stop it', async () => {
    await start('--audit-webhook-mode=blocking', '--audit-webhook-initial-backoff=1ms');
    await call('first');
    expect(receiver.events[0]).toMatchObject({ auditID: 'first', stage: 'RequestReceived' });
    receiver.code = 500;
    expect(await call('second')).toMatchObject({ code: 200 });
  }, 60_000);
});
