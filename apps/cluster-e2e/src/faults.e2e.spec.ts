import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './harness/api-client';
import { root, TestCluster } from './harness/cluster';
import { WatchMirror } from './harness/watch-mirror';
import { WriteStream } from './harness/write-stream';
import { leaders } from './suites/leaders';

jest.setTimeout(180_000);

const cluster = new TestCluster('e2e-faults', ['--runtime', 'simulated']);
const state = join(root, '.navarch', cluster.name);
const pki = (file: string): Buffer => readFileSync(join(state, 'pki', file));

interface Ports { apiserver: number; apiserverGrpc: number; nats: number; controllerManager: number; scheduler: number }
const ports = (): Ports => (JSON.parse(readFileSync(join(state, 'cluster.json'), 'utf8')) as { ports: Ports }).ports;
const pidOf = (name: string): number => cluster.processes().find((entry) => entry.name === name)?.pid ?? 0;

/** How the controller-manager's informers learn of changes, as its metrics say. */
function sources(): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const identity = { ca: pki('ca.crt'), cert: pki('apiserver-kubelet-client.crt'), key: pki('apiserver-kubelet-client.key') };
    get({ host: '127.0.0.1', port: ports().controllerManager, path: '/metrics', agent: false, timeout: 3000, ...identity }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        const counts: Record<string, number> = {};
        for (const [, source = ''] of text.matchAll(/^navarch_informer_source\{.*source="(\w+)"\} 1$/gm)) counts[source] = (counts[source] ?? 0) + 1;
        resolve(counts);
      });
    }).on('error', reject);
  });
}

describe('while clients write without pause', () => {
  let api: ApiClient;
  let writes: WriteStream;
  let mirror: WatchMirror;

  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
    api = new ApiClient(cluster.kubeconfig);
    await cluster.kubectl('create namespace storm');
    await cluster.kubectl('create deployment web --image=navarch.local/web:1 --replicas=2');
    const path = '/api/v1/namespaces/storm/configmaps';
    mirror = new WatchMirror(api, path);
    writes = new WriteStream(api, path);
  });
  afterAll(async () => {
    await writes.stop();
    await mirror.stop();
    api.close();
    await cluster.down('--purge');
  });

  /** The writers get on, the controllers too, and nobody had to help. */
  const goesOn = async (replicas: number): Promise<void> => {
    const before = writes.acknowledged;
    await cluster.until(async () => {
      await sleep(0);
      expect(writes.acknowledged).toBeGreaterThan(before + 50);
    });
    await cluster.until(() => cluster.kubectl(`scale deployment web --replicas=${replicas}`));
    await cluster.until(async () => expect(await cluster.kubectl('get deployment web -o jsonpath={.status.readyReplicas}')).toBe(String(replicas)));
  };

  it.each([
    ['apiserver', 3], ['etcd', 4], ['nats', 3], ['kubelet@node-1', 5], ['fake-runtime@node-1', 4],
  ])('kill -9 of %s stops nothing for long', async (name, replicas) => {
    await cluster.kill(name);
    await goesOn(replicas);
  });

  describe('when those who lead are killed', () => leaders(cluster, () => api, () => goesOn(6)));

  it('NATS that stands still is replaced by gRPC watches, until it is back', async () => {
    await cluster.until(async () => expect((await sources())['bus']).toBeGreaterThan(20));
    process.kill(pidOf('nats'), 'SIGSTOP');
    try {
      await cluster.until(async () => expect((await sources())['bus'] ?? 0).toBe(0));
      await goesOn(2);
    } finally {
      process.kill(pidOf('nats'), 'SIGCONT');
    }
    await cluster.until(async () => expect((await sources())['bus']).toBeGreaterThan(20));
    await cluster.kill('nats');
    await cluster.until(async () => expect((await sources())['bus']).toBeGreaterThan(20));
    await goesOn(3);
  });

  it('etcd that stands still holds the writers up, and loses none of them', async () => {
    const pid = pidOf('etcd');
    process.kill(pid, 'SIGSTOP');
    // Longer than the 3 s after which a write is given up.
    await sleep(8000);
    process.kill(pid, 'SIGCONT');
    await goesOn(4);
    expect(pidOf('etcd')).toBe(pid);
  });

  it('garbage at every door ends no process', async () => {
    const before = cluster.processes().map(({ name, pid }) => [name, pid]);
    const { apiserver, apiserverGrpc, nats, controllerManager, scheduler } = ports();
    for (const port of [apiserver, apiserverGrpc, nats, controllerManager, scheduler]) {
      for (const bytes of [randomBytes(2000), Buffer.alloc(10_000), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('PUB change.core.pods._._._ 5\r\nhello\r\n')]) {
        await new Promise<void>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
          socket.setTimeout(300, () => socket.destroy());
          socket.on('error', () => undefined); // being cut off is right
          socket.on('data', () => undefined);
          socket.on('close', () => resolve());
        });
      }
    }
    await goesOn(2);
    expect(cluster.processes().map(({ name, pid }) => [name, pid])).toEqual(before);
  });

  it('nothing that was acknowledged is lost, and a watch has seen it all in order', async () => {
    await writes.stop();
    expect(writes.acknowledged).toBeGreaterThan(1000);
    expect(writes.faults).toEqual([]);
    expect(writes.givenUp).toEqual([]);
    expect(await writes.lost()).toEqual([]);
    const { items } = JSON.parse((await api.call('GET', writes.path)).text) as { items: { metadata: { name: string }; data?: { n?: string } }[] };
    const present = new Map(items.map(({ metadata, data }) => [metadata.name, data?.n ?? '']));
    await cluster.until(async () => {
      await sleep(0);
      expect([...mirror.objects].sort()).toEqual([...present].sort());
    });
    expect(mirror.faults).toEqual([]);
  });
});
