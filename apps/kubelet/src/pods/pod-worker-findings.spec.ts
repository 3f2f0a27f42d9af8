import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';
import { observePod } from '../runtime/observe-pod';

describe('what a PodWorker finds of its pod', () => {
  let bench: PodBench;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('takes over what runs after a restart of the kubelet, and restarts nothing', async () => {
    const pod = aPod({ containers: [aContainer('main', { readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 5 } })] });
    const first = bench.worker(pod);
    await bench.running('main');
    await bench.clock.advance(5000);
    await bench.until('ready', () => bench.container('main')?.ready === true);
    first.close();
    const { status } = bench;
    bench.runtime.calls.length = 0;
    bench.statuses.length = 0;

    bench.probe = () => ({ result: 'unknown', output: 'not yet' });
    const toldBefore = bench.events.lines.length;
    const fitPod = jest.spyOn(bench.cgroups, 'ensurePod');
    bench.worker({ ...pod, status }, await observePod(bench.runtime, pod.metadata.uid ?? ''));
    await bench.settle();
    expect(bench.runtime.calls).toEqual([]);
    expect(bench.status).toEqual(status);
    // A kubelet that died in the midst of a resize has left the pod's group wide: that is put right, and is none itself.
    expect(fitPod).toHaveBeenCalledTimes(1);
    expect(bench.events.lines.slice(toldBefore)).toEqual([]);
    expect(bench.statuses.flatMap(({ conditions }) => conditions ?? []).filter(({ type }) => type === 'PodResizeInProgress')).toEqual([]);
  });

  it('shows its containers a label that has no value as soon as the pod has it', async () => {
    const pod = aPod(
      {
        containers: [aContainer('main', { volumeMounts: [{ name: 'about', mountPath: '/about' }] })],
        volumes: [{ name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
      },
      { labels: { app: 'web' } },
    );
    const worker = bench.worker(pod);
    await bench.running('main');
    const shown = bench.runtime.newest('main').config.mounts.find(({ containerPath }) => containerPath === '/about')?.hostPath ?? '';
    worker.update({ ...pod, metadata: { ...pod.metadata, labels: { app: 'web', canary: '' } } });
    await bench.until('shown', () => readFileSync(join(shown, 'labels'), 'utf8') === 'app="web"\ncanary=""');
  });

  it.each([['Always', 1], ['Never', 0]] as const)('ends a container that the runtime knows nothing of any more, as it may run, and goes on by the policy %s', async (restartPolicy, restarts) => {
    const worker = bench.worker(aPod({ restartPolicy, terminationGracePeriodSeconds: 7 }));
    await bench.running('main');
    const lost = bench.runtime.newest('main');
    lost.status = { ...lost.status, state: runtimev1.ContainerState.CONTAINER_UNKNOWN };
    bench.runtime.calls.length = 0;
    let shown: corev1.ContainerStatus | undefined;
    let phase: string | undefined;
    bench.runtime.onStop = ({ status: { id } }) => {
      shown = bench.container('main');
      ({ phase } = bench.status);
      bench.runtime.exit(id, 143);
      return Promise.resolve();
    };
    worker.refresh();
    await bench.until('went on', () => (restarts === 0 ? worker.stopped && bench.status.phase === 'Failed' : bench.container('main')?.state?.running !== undefined && bench.container('main')?.restartCount === restarts));
    expect(bench.runtime.calls.slice(0, 1)).toEqual(['stopContainer main 7']);
    expect(shown?.state?.terminated).toMatchObject({ reason: 'ContainerStatusUnknown', exitCode: 137 });
    // Nobody may get what the pod has while it may run.
    expect(phase).toBe('Running');
    expect(bench.events.lines).toContain('Killing: Container is in "unknown" state, try killing it before restart');
    expect(bench.runtime.calls.filter((call) => call.startsWith('startContainer'))).toHaveLength(restarts);
  });

  it('goes on saying that an init container has ended, whoever has removed it since, also after a restart of the kubelet', async () => {
    const pod = aPod({ initContainers: [aContainer('init')] });
    const worker = bench.worker(pod);
    await bench.running('init');
    const { id } = bench.runtime.newest('init').status;
    bench.runtime.exit(id, 0);
    worker.refresh();
    await bench.running('main');
    bench.runtime.containers.delete(id);
    worker.refresh();
    await bench.until('it is seen', () => !worker.view.containers.some((container) => container.id === id));
    worker.close();
    bench.worker({ ...pod, status: bench.status }, await observePod(bench.runtime, pod.metadata.uid ?? ''));
    await bench.settle();
    expect(bench.container('init')).toMatchObject({ ready: true, restartCount: 0, state: { terminated: { exitCode: 0 } } });
    expect(bench.condition('Initialized')?.status).toBe('True');
    expect(bench.runtime.has('init')).toBe(false);
  });

  it('does not run a pod again that had ended before the kubelet began', async () => {
    const worker = bench.worker({
      ...aPod({ restartPolicy: 'Never' }),
      status: {
        phase: 'Succeeded',
        containerStatuses: [
          { name: 'main', image: 'app:1', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
        ],
      },
    });
    await bench.until('cleaned up', () => worker.stopped);
    expect(bench.runtime.calls).toEqual([]);
    expect(bench.status).toMatchObject({ phase: 'Succeeded', containerStatuses: [{ state: { terminated: { reason: 'Completed' } } }] });
  });
});
