import { type corev1 } from '@navarch/api';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';
import { observePod } from '../runtime/observe-pod';
import { roomFor } from './resize';

const sized = (cpu: string, memory: string): corev1.ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } });

describe('in-place resize', () => {
  let bench: PodBench;
  let pod: corev1.Pod;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
    pod = aPod({ containers: [aContainer('main', { resources: sized('100m', '64Mi') })] });
  });
  afterEach(() => bench.close());

  const resized = (resources: corev1.ResourceRequirements, more: Partial<corev1.Container> = {}): corev1.Pod => ({
    ...pod, metadata: { ...pod.metadata, generation: 2 }, spec: { ...(pod.spec as corev1.PodSpec), containers: [aContainer('main', { resources, ...more })] },
  });

  it('gives a running container its new resources and shows them', async () => {
    const worker = bench.worker(pod);
    await bench.running('main');
    expect(bench.container('main')).toMatchObject({ resources: sized('100m', '64Mi'), allocatedResources: { cpu: '100m' } });
    worker.update(resized(sized('200m', '128Mi')));
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['memory'] === '128Mi');
    expect(bench.runtime.calls).toContain(`updateContainerResources main 204 ${128 * 2 ** 20}`);
    expect(bench.container('main')).toMatchObject({ restartCount: 0, allocatedResources: { cpu: '200m', memory: '128Mi' } });
    expect(bench.statuses.some(({ conditions }) => conditions?.some(({ type, status }) => type === 'PodResizeInProgress' && status === 'True') === true)).toBe(true);
    expect(bench.condition('PodResizeInProgress')).toBeUndefined();
    expect(bench.status.observedGeneration).toBe(2);
    expect(bench.events.lines.filter((line) => line.startsWith('Resize')).map((line) => line.split(':')[0])).toEqual(['ResizeStarted', 'ResizeCompleted']);
  });

  it('restarts a container whose policy says so', async () => {
    const policy = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] };
    pod = resized(sized('100m', '64Mi'), policy);
    const worker = bench.worker(pod);
    await bench.running('main');
    worker.update(resized(sized('100m', '128Mi'), policy));
    await bench.until('restarted', () => bench.container('main')?.restartCount === 1 && bench.container('main')?.state?.running !== undefined);
    expect(bench.events.lines).toContain('Killing: Container main resize requires restart');
    expect(bench.container('main')?.resources?.limits).toEqual({ cpu: '100m', memory: '128Mi' });
  });

  it('waits for room, and says so', async () => {
    const worker = bench.worker(pod);
    await bench.running('main');
    bench.room = { reason: 'Deferred', message: "Node didn't have enough resource: cpu, requested: 8000, used: 100, capacity: 4000" };
    worker.update(resized(sized('8', '64Mi')));
    await bench.until('pending', () => bench.condition('PodResizePending')?.reason === 'Deferred');
    expect(bench.condition('PodResizePending')).toMatchObject({ status: 'True', message: expect.stringContaining('requested: 8000') as string });
    expect(bench.container('main')?.allocatedResources).toEqual({ cpu: '100m', memory: '64Mi' });
    bench.room = undefined;
    await bench.clock.advance(10_000);
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['cpu'] === '8');
    expect(bench.condition('PodResizePending')).toBeUndefined();
  });

  it('says why the runtime did not do it, and tries again', async () => {
    const worker = bench.worker(pod);
    await bench.running('main');
    bench.runtime.behave['updateContainerResources'] = () => Promise.reject(new Error('device or resource busy'));
    worker.update(resized(sized('100m', '4Mi')));
    await bench.until('failed', () => bench.condition('PodResizeInProgress')?.reason === 'Error');
    expect(bench.condition('PodResizeInProgress')?.message).toBe('device or resource busy');
    bench.runtime.behave['updateContainerResources'] = () => undefined;
    await bench.clock.advance(1_000);
    await bench.until('done', () => bench.condition('PodResizeInProgress') === undefined);
  });

  it('is taken up by a kubelet that was away when it was asked for', async () => {
    const first = bench.worker(pod);
    await bench.running('main');
    first.close();
    const { status } = bench;
    bench.runtime.calls.length = 0;
    bench.worker({ ...resized(sized('200m', '128Mi')), status }, await observePod(bench.runtime, pod.metadata.uid ?? ''));
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['memory'] === '128Mi');
    expect(bench.runtime.calls).toEqual([`updateContainerResources main 204 ${128 * 2 ** 20}`]);
  });

  it('is infeasible when the empty node has no room', () => {
    const rejection = { reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 8000, used: 100, capacity: 4000" };
    expect(roomFor(rejection, rejection)).toEqual({ reason: 'Infeasible', message: "Node didn't have enough capacity: cpu, requested: 8000, capacity: 4000" });
    expect(roomFor(rejection, undefined)?.reason).toBe('Deferred');
    expect(roomFor(undefined, undefined)).toBeUndefined();
  });
});
