import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './harness/api-client';
import { ComposeCluster } from './harness/compose-cluster';
import { httpLoop } from './harness/http-loop';
import { WatchMirror } from './harness/watch-mirror';
import { WriteStream } from './harness/write-stream';
import { walkThrough } from './suites/walk-through';

jest.setTimeout(300_000);

const cluster = new ComposeCluster('ha');
const writers = 4;
/** Together about 50 writes a second. */
const writerPauseMs = 75;
/** How long what is paused stands still: longer than any lease. */
const pausedMs = 60_000;

interface Fault {
  readonly what: string;
  readonly seconds: number;
  readonly gapMs: number;
}

describe('a cluster of docker-compose', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('and a new user', () => walkThrough(cluster));

  describe('whose parts fail', () => {
    const faults: Fault[] = [];
    let api: ApiClient;
    let writes: WriteStream;
    let mirror: WatchMirror;
    let reader: ReturnType<typeof httpLoop>;
    let replicas = 4;

    beforeAll(async () => {
      api = new ApiClient(cluster.kubeconfig);
      const path = '/api/v1/namespaces/default/configmaps';
      writes = new WriteStream(api, path, writers, writerPauseMs);
      mirror = new WatchMirror(api, path);
      const port = await cluster.kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}');
      const ip = await cluster.kubectl(`get node node-1 -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'`);
      reader = httpLoop(`http://${ip}:${port}/`);
    });
    afterAll(async () => {
      await mirror.stop();
      api.close();
      process.stdout.write(`${faults.map(({ what, seconds, gapMs }) => `${what.padEnd(52)} works again after ${seconds.toFixed(1).padStart(5)} s, longest gap between writes ${String(Math.round(gapMs)).padStart(6)} ms`).join('\n')}\n`);
    });

    /** The whole chain works: a deployment grows or shrinks to a size it had not, and its pods are Ready. */
    const works = async (): Promise<void> => {
      replicas = replicas === 4 ? 5 : 4;
      await cluster.until(() => cluster.kubectl(`scale deployment web --replicas=${replicas}`), 120_000);
      await cluster.until(async () => expect(await cluster.kubectl('get deployment web -o jsonpath={.status.readyReplicas}/{.status.updatedReplicas}')).toBe(`${replicas}/${replicas}`), 180_000);
    };
    const survives = async (what: string, fault: () => Promise<unknown>): Promise<void> => {
      writes.longestGapMs = 0;
      const start = Date.now();
      await fault();
      await works();
      faults.push({ what, seconds: (Date.now() - start) / 1000, gapMs: writes.longestGapMs });
    };

    it.each(['etcd-1', 'nats-1', 'apiserver-1', 'load-balancer', 'dns', 'proxy-1'])('goes on when %s is killed', (service) => survives(`${service} killed`, () => cluster.kill(service)));

    it('goes on when those who lead are killed', async () => {
      await survives('leading scheduler killed', async () => cluster.kill(await cluster.leader('kube-scheduler', ['scheduler-1', 'scheduler-2'])));
      await survives('leading controller-manager killed', async () => cluster.kill(await cluster.leader('kube-controller-manager', ['controller-manager-1', 'controller-manager-2'])));
    });

    it('restarts no container when a kubelet is killed', async () => {
      const restarts = (): Promise<string> => cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[0].restartCount}');
      const before = (await restarts()).split(' ').reduce((sum, count) => sum + Number(count), 0);
      await survives('kubelet killed', () => cluster.exec('node-1', 'pkill', '-KILL', '-f', 'apps/kubelet/dist/main.js'));
      expect((await restarts()).split(' ').reduce((sum, count) => sum + Number(count), 0)).toBeLessThanOrEqual(before);
    });

    it('goes on when a whole node is killed, and its proxy joins the new one', async () => {
      const proxy = await cluster.pid('proxy-2');
      await survives('node-2 killed', () => cluster.kill('node-2'));
      await cluster.until(async () => expect(await cluster.pid('proxy-2')).not.toBe(proxy));
      await cluster.until(async () => expect(await cluster.kubectl('get node node-2 --no-headers')).toContain(' Ready '), 120_000);
    });

    it('goes on when an apiserver stands still for a minute', async () => {
      const resume = await cluster.pause('apiserver-2');
      await survives('apiserver-2 stands still', () => Promise.resolve());
      await sleep(pausedMs);
      await resume();
      await survives('apiserver-2 goes on', () => Promise.resolve());
    });

    it('goes on when a node is cut from the network, and takes it back', async () => {
      const connect = await cluster.cut('node-2', 12);
      await survives('node-2 cut off', () => cluster.until(async () => expect(await cluster.kubectl('get node node-2 --no-headers')).toContain('NotReady'), 120_000));
      await connect();
      await cluster.until(async () => expect(await cluster.kubectl('get node node-2 --no-headers')).toContain(' Ready '), 120_000);
      await survives('node-2 connected again', () => Promise.resolve());
    });

    it('loses nothing when every container is replaced in turn', async () => {
      const one = ['etcd-1', 'etcd-2', 'etcd-3', 'nats-1', 'nats-2', 'nats-3', 'scheduler-1', 'scheduler-2', 'controller-manager-1', 'controller-manager-2', 'dns', 'metrics-server'].map((service) => [service]);
      // Who shares another's network is replaced with it.
      const together = [['apiserver-1', 'routes-1'], ['apiserver-2', 'routes-2'], ['apiserver-3', 'routes-3'], ['node-2', 'proxy-2']];
      for (const services of [...one, ...together]) await survives(`${services.join(', ')} replaced`, () => cluster.compose('up', '-d', '--no-build', '--no-deps', '--force-recreate', ...services));
      await cluster.until(async () => expect((await cluster.kubectl('get nodes --no-headers')).match(/ Ready /g)).toHaveLength(2), 120_000);
    });

    it('keeps services answering: only what a dying node held was lost', async () => {
      const { requests, failures } = await reader.stop();
      expect(requests).toBeGreaterThan(1000);
      process.stdout.write(`service: ${requests} requests, ${failures.length} failed\n`);
      // Requests under way to pods of a node that was killed or cut off; no more.
      expect(failures.length).toBeLessThan(requests / 20);
    });

    it('has every write that was acknowledged, in etcd itself too, and a watch saw all in order', async () => {
      await writes.stop();
      expect(writes.acknowledged).toBeGreaterThan(1000);
      expect(writes.faults).toEqual([]);
      expect(await writes.lost()).toEqual([]);
      const prefix = '/registry/core/configmaps/default/';
      const stored = await cluster.stored('etcd-3', prefix);
      const bodies = [...stored].map(([key, value]) => [key.slice(prefix.length), (JSON.parse(value.slice(value.indexOf('\n') + 1)) as { data?: { n?: string } }).data?.n ?? ''] as const);
      expect(await writes.lost(new Map(bodies))).toEqual([]);
      await cluster.until(async () => {
        await sleep(0);
        expect([...mirror.objects].filter(([name]) => name.startsWith('w')).sort()).toEqual(bodies.filter(([name]) => name.startsWith('w')).sort());
      });
      expect(mirror.faults).toEqual([]);
      expect(mirror.relists).toBe(1);
    });
  });
});
