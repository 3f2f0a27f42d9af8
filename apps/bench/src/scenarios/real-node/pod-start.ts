import { randomUUID } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import type { ApiRequests } from '../../api-requests';
import { markedProcess, markEnvironment } from '../../cluster/marked-process';
import { watchEvents } from '../../load/watch-events';
import { quantile } from '../../report/quantile';
import { upstreamFigures } from '../../report/upstream-figures';
import { node, type NodeScenario } from './node-scenario';

const namespace = 'bench-pod-start';
const withinMs = 60_000;
/** The calls that only a start makes; those that ask for a state are made at other times too, and count as the kubelet's. */
const startCalls = ['run_podsandbox', 'create_container', 'start_container'];

/**
 * How long a pod takes on an idle node with its image present: from the create until a watch shows it Running; and how long its
 * end, from the kill of its process until a watch shows the container's terminated state. One after another, each removed before
 * the next. The runtime's share is what its calls took, by the kubelet's own metrics; the kubelet's share is the rest of the time
 * from when it first saw the pod.
 */
export const podStart: NodeScenario = {
  name: 'pod-start',
  what: 'start and end of a pod on an idle node',
  run: async (context) => {
    const { api, connection, signal, sizes: { podStarts: pods } } = context;
    await api.namespace(namespace);
    const metrics = (): Promise<string> => text({ ...connection, path: `/api/v1/nodes/${node}/proxy/metrics` });
    await onePod(api, connection, 'warm-up', signal);
    await context.quiet();
    const before = await metrics();
    const took: Took[] = [];
    for (let index = 0; index < pods; index++) took.push(await onePod(api, connection, `pod-${index}`, signal));
    const after = await metrics();
    const grown = (name: string, label = ''): number => sum(after, name, label) - sum(before, name, label);
    const inKubelet = (grown('kubelet_pod_start_duration_seconds') * 1000) / pods;
    const inRuntime = startCalls.reduce((total, call) => total + grown('kubelet_runtime_operations_duration_seconds', `operation_type="${call}"`), 0) * 1000 / pods;
    const starts = took.map(({ startMs }) => startMs);
    const ends = took.map(({ endMs }) => endMs);
    return [
      {
        scenario: 'pod-start',
        what: `create to Running seen by a watch, ${pods} pods one by one (p50)`,
        value: quantile(starts, 0.5),
        unit: 'ms',
        upstream: upstreamFigures.podStart,
        detail: { p99: quantile(starts, 0.99) },
      },
      { scenario: 'pod-start', what: "of it the runtime's own calls (mean)", value: inRuntime, unit: 'ms' },
      { scenario: 'pod-start', what: 'of it the kubelet (mean)', value: Math.max(0, inKubelet - inRuntime), unit: 'ms' },
      {
        scenario: 'pod-start',
        what: `end of a container's process to its terminated state seen by a watch, ${pods} one by one (p50)`,
        value: quantile(ends, 0.5),
        unit: 'ms',
        detail: { p99: quantile(ends, 0.99) },
      },
    ];
  },
};

interface Took {
  readonly startMs: number;
  readonly endMs: number;
}

async function onePod(api: ApiRequests, connection: RequestOptions, name: string, signal: AbortSignal): Promise<Took> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const mark = randomUUID();
  const pod = follow(connection, name, signal);
  await pod.watching;
  const createdMs = performance.now();
  await api.send('POST', path, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'navarch.local/web:1', imagePullPolicy: 'IfNotPresent', env: markEnvironment(mark) }] },
  });
  const startMs = (await pod.runningMs) - createdMs;
  const pid = markedProcess(mark);
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  const endMs = (await pod.terminatedMs) - killedMs;
  await api.send('DELETE', `${path}/${name}?gracePeriodSeconds=1`);
  await pod.gone;
  return { startMs, endMs };
}

interface WatchedPod {
  readonly status?: { readonly phase?: string; readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: unknown } }[] };
}

interface Followed {
  readonly watching: Promise<unknown>;
  readonly runningMs: Promise<number>;
  readonly terminatedMs: Promise<number>;
  readonly gone: Promise<unknown>;
}

/** Watches one pod: when it was Running, when its container had ended, and when it is gone. */
function follow(connection: RequestOptions, name: string, signal: AbortSignal): Followed {
  const running = withResolvers<number>();
  const terminated = withResolvers<number>();
  const gone = withResolvers<undefined>();
  const watch = watchEvents<WatchedPod>({ ...connection, path: `/api/v1/namespaces/${namespace}/pods?watch=true&fieldSelector=metadata.name%3D${name}` }, {
    withinMs, signal,
    onEvent: ({ type, object: { status } }) => {
      if (status?.phase === 'Running') running.resolve(performance.now());
      if (status?.containerStatuses?.[0]?.state?.terminated !== undefined) terminated.resolve(performance.now());
      if (type !== 'DELETED') return;
      gone.resolve(undefined);
      watch.close();
    },
  });
  watch.failed.catch((error: unknown) => {
    for (const { promise, reject } of [running, terminated, gone]) {
      promise.catch(() => undefined); // whoever waits hears of it
      reject(error);
    }
  });
  return { watching: watch.watching, runningMs: running.promise, terminatedMs: terminated.promise, gone: gone.promise };
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
