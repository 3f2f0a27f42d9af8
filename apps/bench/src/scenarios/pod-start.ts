import { request, type RequestOptions } from 'node:https';
import { ApiRequests } from '../api-requests';
import { BenchCluster, type ClusterOptions } from '../cluster/bench-cluster';
import { waitForQuiet } from '../cluster/wait-for-quiet';
import { watchEvents } from '../load/watch-events';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';

const namespace = 'bench-pod-start';
const runningWithinMs = 60_000;
/** The calls that only a start makes; those that ask for a state are made at other times too, and count as the kubelet's. */
const startCalls = ['run_podsandbox', 'create_container', 'start_container'];

/**
 * How long a pod takes on an idle node with its image present: from the create until a watch shows it Running; one after
 * another, each removed before the next. Real containers, so only with root. The runtime's share is what its calls took, by the
 * kubelet's own metrics; the kubelet's share is the rest of the time from when it first saw the pod.
 */
export async function podStart(options: ClusterOptions, { pods, patienceSeconds }: { readonly pods: number; readonly patienceSeconds: number }, signal: AbortSignal): Promise<Figure[]> {
  const cluster = new BenchCluster({ ...options, name: `${options.name}-pods`, realNodes: 1 });
  try {
    await cluster.up(signal);
    const target = cluster.admin();
    const api = new ApiRequests(target, signal);
    await api.namespace(namespace);
    const connection = { host: target.host, port: target.port, ca: target.ca, cert: target.cert, key: target.key, servername: 'localhost' };
    const metrics = (): Promise<string> => text({ ...connection, path: '/api/v1/nodes/node-1/proxy/metrics' });
    await startOne(api, connection, 'warm-up', signal);
    await waitForQuiet(patienceSeconds, () => 0, signal);
    const before = await metrics();
    const tookMs: number[] = [];
    for (let index = 0; index < pods; index++) tookMs.push(await startOne(api, connection, `pod-${index}`, signal));
    const after = await metrics();
    api.close();
    const grown = (name: string, label = ''): number => sum(after, name, label) - sum(before, name, label);
    const inKubelet = (grown('kubelet_pod_start_duration_seconds') * 1000) / pods;
    const inRuntime = startCalls.reduce((total, call) => total + grown('kubelet_runtime_operations_duration_seconds', `operation_type="${call}"`), 0) * 1000 / pods;
    tookMs.sort((a, b) => a - b);
    const quantile = (share: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? Number.NaN;
    return [
      { scenario: 'pod-start', what: `create to Running seen by a watch, ${pods} pods one by one (p50)`, value: quantile(0.5), unit: 'ms', upstream: upstreamFigures.podStart, detail: { p99: quantile(0.99) } },
      { scenario: 'pod-start', what: 'of it the runtime\'s own calls (mean)', value: inRuntime, unit: 'ms' },
      { scenario: 'pod-start', what: 'of it the kubelet (mean)', value: Math.max(0, inKubelet - inRuntime), unit: 'ms' },
    ];
  } finally {
    await cluster.purge();
  }
}

async function startOne(api: ApiRequests, connection: RequestOptions, name: string, signal: AbortSignal): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const running = phaseSeen(connection, name, signal);
  await running.watching;
  const startedMs = performance.now();
  await api.send('POST', path, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'navarch.local/web:1', imagePullPolicy: 'IfNotPresent' }] },
  });
  const tookMs = (await running.seenMs) - startedMs;
  await api.send('DELETE', `${path}/${name}?gracePeriodSeconds=1`);
  await running.gone;
  return tookMs;
}

/** Watches one pod: when it was Running, and when it is gone. */
function phaseSeen(connection: RequestOptions, name: string, signal: AbortSignal): { readonly watching: Promise<unknown>; readonly seenMs: Promise<number>; readonly gone: Promise<unknown> } {
  const seen = withResolvers<number>();
  const gone = withResolvers<undefined>();
  const watch = watchEvents<{ status?: { phase?: string } }>({ ...connection, path: `/api/v1/namespaces/${namespace}/pods?watch=true&fieldSelector=metadata.name%3D${name}` }, {
    withinMs: runningWithinMs, signal,
    onEvent: ({ type, object }) => {
      if (object.status?.phase === 'Running') seen.resolve(performance.now());
      if (type !== 'DELETED') return;
      gone.resolve(undefined);
      watch.close();
    },
  });
  watch.failed.catch((error: unknown) => {
    for (const { promise, reject } of [seen, gone]) {
      promise.catch(() => undefined); // whoever waits hears of it
      reject(error);
    }
  });
  return { watching: watch.watching, seenMs: seen.promise, gone: gone.promise };
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

function text(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject).end();
  });
}

/** The sum of a histogram, of the series with a label where that is given. */
export function sum(metrics: string, name: string, label: string): number {
  return metrics.split('\n').filter((line) => line.startsWith(`${name}_sum`) && line.includes(label)).reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
