import { core } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import type { changev1 } from '@navarch/proto';
import { followUsage } from './usage-following';

const everyMs = 10_000;

/** The server on an API in memory, with nodes that tell of their pods as kubelets do; what it asks for is counted. */
class World {
  readonly cluster = new SimulatedCluster();
  readonly #listeners = new Set<(usage: changev1.Usage) => void>();
  subscriptions = 0;
  readonly following = followUsage(60_000, {
    informers: this.cluster.informers, clock: this.cluster.clock, signal: new AbortController().signal,
    bus: {
      subscribeUsage: (listener) => {
        this.subscriptions++;
        this.#listeners.add(listener);
        return { unsubscribe: () => void this.#listeners.delete(listener) };
      },
    },
  });

  constructor(readonly nodes: number, readonly podsOfNode: number) {}

  async start(): Promise<void> {
    const { api } = this.cluster;
    for (let node = 0; node < this.nodes; node++) {
      api.create(core.nodes, '', { metadata: { name: `node-${node}` } });
      for (let pod = 0; pod < this.podsOfNode; pod++) api.create(core.pods, 'default', { metadata: { name: `pod-${node}-${pod}` } });
    }
    await this.cluster.start();
    for (const component of this.following.components) await component.start();
  }

  async stop(): Promise<void> {
    for (const component of this.following.components) await component.stop();
    await this.cluster.stop();
  }

  /** A minute of a busy cluster: samples, changes of every pod, and somebody who asks for all of it after each. */
  async minute(): Promise<void> {
    for (let turn = 1; turn <= 6; turn++) {
      await this.cluster.clock.advance(everyMs);
      for (let node = 0; node < this.nodes; node++) this.#tell(node);
      for (const { metadata } of this.cluster.api.list(core.pods)) this.cluster.api.patch(core.pods, 'default', metadata.name ?? '', '', { metadata: { labels: { turn: String(turn) } } });
      await this.cluster.settle();
      for (const path of ['nodes', 'pods', 'namespaces/default/pods?labelSelector=a%3Db', 'nodes/node-0', 'namespaces/default/pods/pod-0-0']) this.ask(path);
    }
  }

  ask(path: string): { code: number; body: { items?: unknown[] } } {
    return this.following.api.answer({ method: 'GET', url: `/apis/metrics.k8s.io/v1beta1/${path}`, accept: 'application/json' });
  }

  #tell(node: number): void {
    const sample = { takenUnixMs: BigInt(this.cluster.clock.now()), startedUnixMs: 0n, cpuUsageCoreNanoseconds: BigInt(this.cluster.clock.now()), memoryWorkingSetBytes: 1024n };
    const pods = Array.from({ length: this.podsOfNode }, (_, pod) => ({ namespace: 'default', name: `pod-${node}-${pod}`, uid: `${node}-${pod}`, labels: {}, containers: [{ name: 'app', sample }] }));
    for (const listener of this.#listeners) listener({ node: `node-${node}`, total: sample, pods });
  }
}

describe('what the metrics-server costs', () => {
  it.each([[1, 1], [3, 1], [3, 40]])('is no call of the API as time goes on: %d nodes with %d pods each', async (nodes, podsOfNode) => {
    const world = new World(nodes, podsOfNode);
    await world.start();
    const begun = ['snapshot nodes', 'watch nodes'];
    expect([world.subscriptions, world.cluster.transport.reads]).toEqual([1, begun]);
    await world.minute();
    expect([world.subscriptions, world.cluster.transport.reads, world.cluster.transport.writes]).toEqual([1, begun, []]);
    // It knows all of it nevertheless.
    expect([world.ask('nodes').body.items?.length, world.ask('pods').body.items?.length]).toEqual([nodes, nodes * podsOfNode]);
    await world.stop();
  });
});
