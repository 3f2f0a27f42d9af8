import { fillLoad } from '../load/load-runner';
import { numberedPod } from '../load/pod-template';
import { sequenceMark } from '../load/request-template';
import { upstreamFigures } from '../report/upstream-figures';
import type { BenchContext, Scenario } from './scenario';

const namespace = 'bench-bind';
const path = `/api/v1/namespaces/${namespace}/pods`;
const fillers = 16;

/** How many pods a second are created and given a node, seen from outside: from the first create to the last pod a watch sees bound. */
export const createAndBind: Scenario = {
  name: 'bind',
  what: 'creates and binds on many nodes',
  run: async (context) => {
    const { api, user, sizes: { bind: { nodes, pods, clients, warmUp } } } = context;
    await api.namespace(namespace);
    await makeNodes(context, nodes);
    const create = (first: number, count: number) => ({
      target: user, connections: clients, expectStatus: 201, first, warmUp: 0, count,
      request: { method: 'POST', path, headers: { 'Content-Type': 'application/json' }, body: numberedPod() },
      // A pod enters this selection once, when it is bound.
      watch: { watchers: 1, path: `${path}?fieldSelector=spec.nodeName!%3D`, listPath: `${path}?limit=1`, eventsEach: count },
    });
    await fillLoad(create(0, warmUp), context.signal);
    const { result, cpuSeconds, othersShare } = await context.measure('bind', create(warmUp, pods));
    const bound = result.watch ?? { events: 0, seconds: Number.NaN };
    return [{
      scenario: 'bind', what: `create and bind ${pods.toLocaleString('en')} pods on ${nodes.toLocaleString('en')} nodes, pods`, value: bound.events / bound.seconds, unit: '/s',
      upstream: upstreamFigures.bind, cpuSeconds, othersShare,
      detail: { pods: bound.events, seconds: bound.seconds, createsPerSecond: result.requests / result.seconds, createP50Ms: result.p50Ms },
    }];
  },
};

/** Node objects that say they are Ready; nobody stands behind them. */
async function makeNodes({ admin, signal }: BenchContext, count: number): Promise<void> {
  const name = `bench-node-${sequenceMark}`;
  const node = {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' } },
    status: {
      capacity: { cpu: '32', memory: '128Gi', pods: '250' },
      allocatable: { cpu: '32', memory: '128Gi', pods: '250' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'simulated' }],
    },
  };
  const job = { target: admin, connections: fillers, first: 0, warmUp: 0, count };
  await fillLoad({ ...job, expectStatus: 201, request: { method: 'POST', path: '/api/v1/nodes', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(node) } }, signal);
  // A new node is tainted as not ready until someone has seen that it is.
  await fillLoad(
    {
      ...job,
      expectStatus: 200,
      request: {
        method: 'PATCH',
        path: `/api/v1/nodes/${name}`,
        headers: { 'Content-Type': 'application/merge-patch+json' },
        body: '{"spec":{"taints":null}}',
      },
    },
    signal,
  );
}
