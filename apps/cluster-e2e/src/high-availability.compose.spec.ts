import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from './harness/api-client';
import { root } from './harness/cluster';
import { ComposeCluster, network, serviceOf } from './harness/compose-cluster';
import { faultTable, type Fault } from './harness/fault-table';
import { fetchText } from './harness/fetch-text';
import type { Reader, ReadResult } from './harness/reader';
import { readmeCommands } from './harness/readme';
import { serviceReaders } from './harness/service-readers';
import { WatchMirror } from './harness/watch-mirror';
import { WriteStream, type ConfigMap } from './harness/write-stream';
import { boundaries } from './suites/boundaries';
import { confinement } from './suites/confinement';
import { stolenIdentity, stranger } from './suites/stolen-identity';
import { walkThrough } from './suites/walk-through';

jest.setTimeout(300_000);

const cluster = new ComposeCluster('ha');
/** So many begin a write every so often, together 50 a second, while answers take no longer than a fifth of a second. */
const [writers, writesEveryMs] = [10, 20];
/** How long what is paused stands still: longer than any lease. Changes reach everybody without NATS all the same, so that twice a lease shows as much of it. */
const pausedMs = { apiserver: 60_000, nats: 30_000 };

interface NodeStatus {
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

describe('a cluster of docker-compose', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('and a new user', () => walkThrough(cluster));

  describe('looked into as docs/compose.md says', () => {
    afterAll(() => Promise.all(['apiserver-1', 'node-1'].map((service) => cluster.endInside(service, 'tools/tap.mjs'))));
    boundaries(cluster, readmeCommands('Looking into the boundaries', 'docs/compose.md'), (line) => cluster.typed(line));
  });

  describe('and its containers', () => confinement(cluster));

  describe('and a thief of a kubelet\'s identity', () => stolenIdentity(cluster));

  describe('and a stranger', () => stranger(cluster));

  it('buries in its nodes what pods have left behind', () => cluster.until(async () => {
    for (const node of ['node-1', 'node-2']) expect(await cluster.exec(node, 'ps', '-e', '-o', 'stat=,args=')).not.toMatch(/^Z/m);
  }));

  describe('whose parts fail', () => {
    const faults: Fault[] = [];
    const reads = new Map<string, ReadResult>();
    let api: ApiClient;
    let writes: WriteStream;
    let mirror: WatchMirror;
    let readers: readonly Reader[];
    let replicas = 4;
    let rollOuts = 0;
    let port = '';

    beforeAll(async () => {
      api = new ApiClient(cluster.kubeconfig);
      const path = '/api/v1/namespaces/default/configmaps';
      writes = new WriteStream(api, path, writers, writesEveryMs);
      mirror = new WatchMirror(api, path);
      port = await cluster.kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}');
      const ips = (await cluster.kubectl(`get nodes -o 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}'`)).split(' ');
      const backend = { service: { name: 'web', port: { number: 80 } } };
      await cluster.kubectl('apply -f -', {
        input: JSON.stringify({
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'readers' },
          spec: { ingressClassName: 'navarch', rules: [{ host: 'readers.example.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
        }),
      });
      // A new user's way, one pod after the other, would take four times as long, for every fault.
      await cluster.kubectl(`patch deployment web --patch '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":2}}}}'`);
      readers = serviceReaders(api, ips, Number(port));
    });
    afterAll(async () => {
      await Promise.all([mirror.stop(), writes.stop(), ...readers.map((reader) => reader.stop())]);
      api.close();
      const table = faultTable(faults, { acknowledged: writes.acknowledged, perSecond: writes.perSecond, unanswered: writes.unanswered, slowestMs: writes.slowestMs, givenUp: writes.givenUp.length }, reads);
      mkdirSync(join(root, 'test-output'), { recursive: true });
      writeFileSync(join(root, 'test-output', 'compose-measured.md'), table);
      process.stdout.write(table);
    });

    /** Asked by a connection that is there, as what is waited for needs the processor that a kubectl takes. */
    const status = async <T>(path: string): Promise<T> => {
      const { code, text } = await api.call('GET', path, undefined, { timeoutMs: 5_000 });
      if (code !== 200) throw new Error(text);
      return (JSON.parse(text) as { status: T }).status;
    };
    const readyCondition = async (node: string): Promise<string | undefined> => (await status<NodeStatus>(`/api/v1/nodes/${node}`)).conditions.find(({ type }) => type === 'Ready')?.status;

    /** The whole chain works: a deployment grows or shrinks to a size it had not, and its pods are Ready. */
    const works = async (): Promise<void> => {
      replicas = replicas === 4 ? 5 : 4;
      await cluster.until(() => cluster.kubectl(`scale deployment web --replicas=${replicas}`), 120_000);
      const all = { readyReplicas: replicas, updatedReplicas: replicas, replicas };
      await cluster.until(async () => expect(await status('/apis/apps/v1/namespaces/default/deployments/web')).toMatchObject(all), 180_000);
    };
    /** The Service answers at a node's own address again, so that another node may go. */
    const serves = (node: string): Promise<void> => cluster.until(async () => expect(await fetchText(`http://${network}.1${node.slice('node-'.length)}:${port}/`)).toContain('web:'), 120_000);
    /** What is begun here must be finished by whoever is left. */
    const rollOut = (): Promise<string> => cluster.kubectl(`set env deployment/web ROLL_OUT=${++rollOuts}`);
    const survives = async (what: string, fault: () => Promise<unknown>, untilOver = works): Promise<void> => {
      writes.longestGapMs = 0;
      const start = Date.now();
      await fault();
      await untilOver();
      faults.push({ what, start, end: Date.now(), gapMs: writes.longestGapMs });
    };

    /** In the middle of a roll-out, which goes on. */
    const survivesRolling = async (what: string, fault: () => Promise<unknown>): Promise<void> => {
      await rollOut();
      await survives(what, fault);
    };

    it.each(['etcd-1', 'nats-1', 'apiserver-1'])('goes on with a roll-out when %s is killed', (service) => survivesRolling(`${service} killed`, () => cluster.kill(service)));

    it.each(['load-balancer', 'dns', 'proxy-1'])('goes on when %s is killed', (service) => survives(`${service} killed`, () => cluster.kill(service)));

    it("goes on when an apiserver's routes, the ingress and metrics-server are killed", () =>
      survives('routes-1, ingress, metrics-server killed', () =>
        Promise.all(['routes-1', 'ingress', 'metrics-server'].map((service) => cluster.kill(service))),
      ));

    it.each([
      ['kube-scheduler', ['scheduler-1', 'scheduler-2']], ['kube-controller-manager', ['controller-manager-1', 'controller-manager-2']],
    ] as const)('goes on with a roll-out when the leading %s is killed', async (lease, candidates) => {
      const leader = await cluster.leader(lease, candidates);
      await survivesRolling(`leading ${lease.slice('kube-'.length)} killed`, () => cluster.kill(leader));
    });

    const killKubelet = (): Promise<string> => cluster.exec('node-1', 'pkill', '-KILL', '-f', 'apps/kubelet/dist/main.js');
    it('goes on with a roll-out when a kubelet is killed', () => survivesRolling('kubelet killed in a roll-out', killKubelet));

    it('restarts no container when a kubelet is killed', async () => {
      const restarts = (): Promise<string> => cluster.kubectl('get pods -l app=web -o jsonpath={.items[*].status.containerStatuses[0].restartCount}');
      const before = (await restarts()).split(' ').reduce((sum, count) => sum + Number(count), 0);
      await survives('kubelet killed', killKubelet);
      expect((await restarts()).split(' ').reduce((sum, count) => sum + Number(count), 0)).toBeLessThanOrEqual(before);
    });

    it('goes on with a roll-out when a whole node is killed, and those in its network join the new one', async () => {
      const inNetwork = ['proxy-1', 'ingress'];
      const pids = (): Promise<number[]> => Promise.all(inNetwork.map((service) => cluster.pid(service)));
      const before = await pids();
      await survivesRolling('node-1 killed', () => cluster.kill('node-1'));
      await cluster.until(async () => expect((await pids()).filter((pid, i) => pid === 0 || pid === before[i])).toEqual([]));
      await cluster.until(async () => expect(await readyCondition('node-1')).toBe('True'), 120_000);
    });

    it('goes on with a roll-out when an apiserver stands still for a minute', async () => {
      await rollOut();
      const resume = await cluster.pause('apiserver-2');
      const minute = sleep(pausedMs.apiserver);
      await survives('apiserver-2 stands still', () => Promise.resolve());
      await minute;
      await resume();
      await survives('apiserver-2 goes on', () => Promise.resolve());
    });

    it('goes on with a roll-out when all of NATS stands still', async () => {
      const servers = ['nats-1', 'nats-2', 'nats-3'];
      await rollOut();
      const resumes = await Promise.all(servers.map((server) => cluster.pause(server)));
      const halfMinute = sleep(pausedMs.nats);
      await survives('all of NATS stands still', () => Promise.resolve());
      await halfMinute;
      await works();
      await Promise.all(resumes.map((resume) => resume()));
      await survives('all of NATS goes on', () => Promise.resolve());
    });

    it('goes on with a roll-out when a node is cut from the network, and takes it back', async () => {
      await rollOut();
      const connect = await cluster.cut('node-2', 12);
      await survives('node-2 cut off', () => cluster.until(async () => expect(await readyCondition('node-2')).toBe('Unknown'), 120_000));
      await connect();
      await cluster.until(async () => expect(await readyCondition('node-2')).toBe('True'), 120_000);
      await survives('node-2 connected again', () => Promise.resolve());
    });

    it('loses nothing when every container is replaced in turn', async () => {
      const kinds = [
        ['etcd-1', 'etcd-2', 'etcd-3'], ['nats-1', 'nats-2', 'nats-3'], ['scheduler-1', 'scheduler-2'], ['controller-manager-1', 'controller-manager-2'],
        ['load-balancer'], ['dns'], ['metrics-server'],
        // Who shares another's network is replaced with it.
        ['apiserver-1 routes-1', 'apiserver-2 routes-2', 'apiserver-3 routes-3'], ['node-1 proxy-1 ingress', 'node-2 proxy-2'],
      ].map((kind) => kind.map((services) => services.split(' ')));
      for (const kind of kinds) {
        for (const services of kind) {
          await survives(`${services.join(', ')} replaced`, () => cluster.compose('up', '-d', '--no-build', '--no-deps', '--force-recreate', ...services), async () => {
            for (const service of services) await cluster.untilWell(service);
            for (const node of services.filter((service) => service.startsWith('node-'))) await serves(node);
          });
        }
      }
      await works();
      const long = (await cluster.containers()).map(serviceOf).filter((service) => !['pki', 'bootstrap'].includes(service));
      expect(kinds.flat(2).sort()).toEqual(long.sort());
      await cluster.until(async () => expect((await cluster.kubectl('get nodes --no-headers')).match(/ Ready /g)).toHaveLength(2), 120_000);
    }, 900_000);

    it('keeps every Service answering, whoever asks another node when one is silent and again when the only one is', async () => {
      for (const reader of readers) reads.set(reader.of, await reader.stop());
      // All the while, which is minutes even where all goes well at once.
      expect([...reads].filter(([, { requests }]) => requests < 500)).toEqual([]);
      expect([...reads].filter(([, { failures }]) => failures.length > 0)).toEqual([]);
    });

    it('has every write that was acknowledged, in etcd itself too, and a watch saw all in order', async () => {
      await writes.stop();
      expect(writes.acknowledged).toBeGreaterThan(1000);
      expect(writes.faults).toEqual([]);
      expect(writes.givenUp).toEqual([]);
      expect(await writes.lost()).toEqual([]);
      const prefix = '/registry/core/configmaps/default/';
      const stored = await cluster.stored('etcd-3', prefix);
      const objects = [...stored.values()].map((value) => JSON.parse(value.slice(value.indexOf('\n') + 1)) as ConfigMap);
      expect(await writes.lost(objects)).toEqual([]);
      const written = objects.map(({ metadata, data }) => [metadata.name, data?.n ?? ''] as const).filter(([name]) => name.startsWith('w')).sort();
      await cluster.until(async () => {
        await sleep(0);
        expect([...mirror.objects].filter(([name]) => name.startsWith('w')).sort()).toEqual(written);
      });
      expect(mirror.faults).toEqual([]);
      expect(mirror.relists).toBe(1);
    });

    it('has everything again after the host has lost its power, and up', async () => {
      const state = async (): Promise<string> =>
        `${await cluster.kubectl(`get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.metadata.uid}={.status.addresses[0].address}{"\\n"}{end}'`)}${await cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}')}`;
      const certificate = (): Promise<string> => cluster.exec('node-1', 'sh', '-c', 'cat $(find /var/lib/navarch -name kubelet-client.crt)');
      const [before, certificateBefore] = [await state(), await certificate()];
      await survives('the host without power', async () => {
        await cluster.powerCut();
        // Restart policies bring back all but what the engine tried to put into the namespace of a container that was not there yet.
        await cluster.untilReady(2);
        await cluster.compose('up', '-d', '--no-build');
      });
      expect(await state()).toBe(before);
      expect(await certificate()).toBe(certificateBefore);
      await cluster.untilAllWell();
      expect(await writes.lost()).toEqual([]);
    }, 600_000);
  });
});
