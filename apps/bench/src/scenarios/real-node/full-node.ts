import { randomUUID } from 'node:crypto';
import { systemClock } from '@navarch/clock';
import { markedProcess, markEnvironment } from '../../cluster/marked-process';
import { cpuSeconds, memoryUse } from '../../cluster/process-usage';
import { watchEvents } from '../../load/watch-events';
import { quantile } from '../../report/quantile';
import { node, type NodeScenario } from './node-scenario';

const namespace = 'bench-full-node';
const withinMs = 900_000;

interface WatchedPod {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

/**
 * What a kubelet costs whose node is full: its own memory and its processor time while nothing happens; then how long it takes
 * from the end of a container's process until a watch says so.
 */
export const fullNode: NodeScenario = {
  name: 'full-node',
  what: 'a kubelet with many pods',
  run: async ({ api, cluster, connection, signal, sizes: { fullNode: { pods, idleSeconds, ends } } }) => {
    // What the processes are found again by, from outside their containers.
    const mark = randomUUID();
    await api.namespace(namespace);
    const phases = new Map<string, { readonly phase: string; readonly atMs: number }>();
    const watch = watchEvents<WatchedPod>({ ...connection, path: `/api/v1/namespaces/${namespace}/pods?watch=true` }, {
      withinMs, signal,
      onEvent: ({ type, object: { metadata: { name }, status } }) => {
        const phase = status?.phase ?? '';
        if (type === 'DELETED') phases.delete(name);
        else if (phases.get(name)?.phase !== phase) phases.set(name, { phase, atMs: performance.now() });
      },
    });
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await Promise.race([systemClock.sleep(5, signal), watch.failed]);
    };
    await watch.watching;
    for (let index = 0; index < pods; index++) {
      await api.send('POST', `/api/v1/namespaces/${namespace}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${index}` },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          nodeName: node,
          containers: [
            {
              name: 'main',
              image: 'navarch.local/web:1',
              imagePullPolicy: 'IfNotPresent',
              command: ['sleep', '1000000'],
              env: markEnvironment(`${mark}-${index}`),
            },
          ],
        },
      });
    }
    await until(() => [...phases.values()].filter(({ phase }) => phase === 'Running').length === pods);
    await cluster.settle(signal);
    // What the starts have left, memory to collect and code to compile, is done with after as long again.
    await systemClock.sleep(idleSeconds * 1000, signal);
    const kubeletPid = cluster.pid(`kubelet@${node}`);
    const [before, beganMs] = [cpuSeconds(kubeletPid), performance.now()];
    await systemClock.sleep(idleSeconds * 1000, signal);
    const percent = (100 * 1000 * (cpuSeconds(kubeletPid) - before)) / (performance.now() - beganMs);
    const memory = memoryUse(kubeletPid);
    const tookMs: number[] = [];
    for (let index = 0; index < ends; index++) {
      const pid = markedProcess(`${mark}-${index}`);
      const endedMs = performance.now();
      process.kill(pid, 'SIGKILL');
      await until(() => phases.get(`pod-${index}`)?.phase === 'Failed');
      tookMs.push((phases.get(`pod-${index}`)?.atMs ?? Number.NaN) - endedMs);
    }
    await api.send('DELETE', `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`);
    await until(() => phases.size === 0);
    await cluster.settle(signal);
    watch.close();
    return [
      {
        scenario: 'full-node',
        what: `memory of a kubelet with ${pods} pods (RSS)`,
        value: memory.rssMib,
        unit: 'MiB',
        detail: { pssMib: Math.round(memory.pssMib), peakRssMib: Math.round(memory.peakRssMib) },
      },
      { scenario: 'full-node', what: 'of a core, the same kubelet idle', value: percent, unit: '%' },
      {
        scenario: 'full-node',
        what: 'end of a container until a watch says so (p50)',
        value: quantile(tookMs, 0.5),
        unit: 'ms',
        detail: { p99: quantile(tookMs, 0.99), max: Math.max(...tookMs) },
      },
    ];
  },
};
