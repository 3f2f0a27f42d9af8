import { ApiRequests } from '../api-requests';
import { BenchCluster, type ClusterOptions } from '../cluster/bench-cluster';
import { cpuSeconds } from '../cluster/process-usage';
import { SimulatedNodes } from '../cluster/simulated-nodes';
import { waitForQuiet } from '../cluster/wait-for-quiet';
import { watchEvents } from '../load/watch-events';
import type { Figure } from '../report/figure';

const namespace = 'bench-scale-up';
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const readyWithinMs = 600_000;
/** Of the 110 that a kubelet takes. */
const podsOfNode = 50;

export interface ScaleUpOptions {
  readonly replicas: number;
  readonly patienceSeconds: number;
}

interface Deployment {
  readonly status?: { readonly replicas?: number; readonly readyReplicas?: number };
}

/**
 * How long a Deployment takes from 0 to many pods: from the write of its scale until a watch shows as many ready. Simulated nodes, whose
 * containers start at once: what is measured is the control plane and the kubelets. A first Deployment, as large, warms everything up.
 */
export async function scaleUp(options: ClusterOptions, { replicas, patienceSeconds }: ScaleUpOptions, signal: AbortSignal): Promise<Figure> {
  const cluster = new BenchCluster({ ...options, name: `${options.name}-scale` });
  let nodes: SimulatedNodes | undefined;
  try {
    await cluster.up(signal);
    const api = new ApiRequests(cluster.admin(), signal);
    nodes = new SimulatedNodes(options.root, cluster, Math.ceil(replicas / podsOfNode));
    await nodes.ready(api, signal);
    await api.namespace(namespace);
    await scaleOne(cluster, api, { name: 'warm-up', replicas }, signal);
    await api.send('DELETE', `${deployments}/warm-up?propagationPolicy=Foreground`);
    await cluster.settle(signal);
    await waitForQuiet(patienceSeconds, () => 0, signal);
    const cpu = (): Record<string, number> => ({ ...cluster.cpu(), ...(nodes && { nodes: cpuSeconds(nodes.pid) }) });
    const before = cpu();
    const milestones = await scaleOne(cluster, api, { name: 'web', replicas }, signal);
    const after = cpu();
    api.close();
    return {
      scenario: 'scale-up',
      what: `a Deployment from 0 to ${replicas.toLocaleString('en')} ready pods, seen by a watch`,
      value: milestones.readySeconds,
      unit: 's',
      cpuSeconds: Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)])),
      detail: { ...milestones },
    };
  } finally {
    await nodes?.stop();
    await cluster.purge();
  }
}

async function scaleOne(
  cluster: BenchCluster,
  api: ApiRequests,
  { name, replicas }: { readonly name: string; readonly replicas: number },
  signal: AbortSignal,
): Promise<{ createdSeconds: number; readySeconds: number; statusWrites: number }> {
  const labels = { app: name };
  await api.send('POST', deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'navarch.local/web:1' }] } },
    },
  });
  const { host, port, ca, cert, key } = cluster.admin();
  let began = Number.NaN;
  let statusWrites = 0;
  let createdSeconds = Number.NaN;
  let ready: (seconds: number) => void = () => undefined;
  const isReady = new Promise<number>((resolve) => (ready = resolve));
  const since = (): number => (performance.now() - began) / 1000;
  const watch = watchEvents<Deployment>(
    { host, port, ca, cert, key, servername: 'localhost', path: `${deployments}?watch=true&fieldSelector=metadata.name%3D${name}` },
    {
      withinMs: readyWithinMs,
      signal,
      onEvent: ({ object: { status } }) => {
        statusWrites++;
        if (Number.isNaN(createdSeconds) && (status?.replicas ?? 0) >= replicas) createdSeconds = since();
        if (status?.readyReplicas === replicas) ready(since());
      },
    },
  );
  try {
    await watch.watching;
    statusWrites = 0;
    began = performance.now();
    await api.send('PUT', `${deployments}/${name}/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { namespace, name }, spec: { replicas } });
    const readySeconds = await Promise.race([isReady, watch.failed]);
    return { createdSeconds, readySeconds, statusWrites };
  } finally {
    watch.close();
  }
}
