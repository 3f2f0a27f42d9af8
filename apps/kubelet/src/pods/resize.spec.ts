import { type corev1 } from '@navarch/api';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';
import { observePod } from '../runtime/observe-pod';
import { effectiveResources, heldResources, roomFor } from './resize';
import { podShrinkError, shrinkError } from './resize-memory';
import { resizeRequests } from './resize-metrics';
import { PodResizing } from './pod-resizing';
import { podResourcesFromStatus, podResourcesStatus } from './pod-resources-status';
import { resizeOrder, type WaitingResize } from './resize-order';
import { refuseSwapping } from './resize-swap';
import { resizeText } from './resize-text';
import { emptyRuntimeView } from './runtime-view';
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
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['memory'] === '128Mi' && bench.condition('PodResizeInProgress') === undefined);
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
    expect(bench.events.lines).toContain(`ResizeDeferred: Pod resize Deferred: ${resizeText(resized(sized('8', '64Mi')), "Node didn't have enough resource: cpu, requested: 8000, used: 100, capacity: 4000")}`);
    expect(bench.container('main')?.allocatedResources).toEqual({ cpu: '100m', memory: '64Mi' });
    bench.room = undefined;
    worker.tryResize('pods_removed');
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['cpu'] === '8');
    expect(bench.condition('PodResizePending')).toBeUndefined();
    expect(await bench.metric('kubelet_pod_deferred_accepted_resizes_total{retry_trigger="pods_removed"}')).toBe(1);
  });

  it('says why the runtime did not do it, and tries again', async () => {
    const worker = bench.worker(pod);
    await bench.running('main');
    bench.runtime.behave['updateContainerResources'] = () => Promise.reject(new Error('device or resource busy'));
    worker.update(resized(sized('100m', '4Mi')));
    await bench.until('failed', () => bench.condition('PodResizeInProgress')?.reason === 'Error');
    expect(bench.condition('PodResizeInProgress')?.message).toBe('device or resource busy');
    expect(bench.events.lines).toContain('ResizeError: Pod resize error: {"containers":[{"name":"main","resources":{"limits":{"cpu":"100m","memory":"4Mi"},"requests":{"cpu":"100m","memory":"4Mi"}}}],"generation":2,"error":"device or resource busy"}');
    expect(await bench.metric('kubelet_pod_resize_duration_milliseconds_count{success="false"}')).toBeGreaterThan(0);
    bench.runtime.behave['updateContainerResources'] = () => undefined;
    await bench.clock.advance(1_000);
    await bench.until('done', () => bench.condition('PodResizeInProgress') === undefined);
    expect(await bench.metric('kubelet_pod_resize_duration_milliseconds_count{success="true"}')).toBe(1);
  });

  it('takes no memory away that is in use', async () => {
    const worker = bench.worker(pod);
    await bench.running('main');
    bench.runtime.memoryUsage = 50 * 2 ** 20;
    worker.update(resized(sized('100m', '32Mi')));
    await bench.until('refused', () => bench.condition('PodResizeInProgress')?.reason === 'Error');
    expect(bench.condition('PodResizeInProgress')?.message).toBe(`cannot decrease memory limits: attempting to set container "main" memory limit (${32 * 2 ** 20}) below current usage (${50 * 2 ** 20})`);
    expect(bench.runtime.calls.filter((call) => call.startsWith('updateContainerResources'))).toEqual([]);
    bench.runtime.memoryUsage = 20 * 2 ** 20;
    await bench.clock.advance(1_000);
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['memory'] === '32Mi');
  });

  it('is taken up by a kubelet that was away when it was asked for', async () => {
    const first = bench.worker(pod);
    await bench.running('main');
    first.close();
    const { status } = bench;
    bench.runtime.calls.length = 0;
    bench.worker({ ...resized(sized('200m', '128Mi')), status }, await observePod(bench.runtime, pod.metadata.uid ?? ''));
    await bench.until('resized', () => bench.container('main')?.resources?.limits?.['memory'] === '128Mi');
    expect(bench.runtime.calls[0]).toBe(`updateContainerResources main 204 ${128 * 2 ** 20}`);
  });

  it('tells of all containers at once, when the last of them has what it is to have', async () => {
    bench.runtime.addImage('app:1');
    const of = (cpu: string, generation: number): corev1.Pod => ({
      ...pod, metadata: { ...pod.metadata, generation },
      spec: { ...(pod.spec as corev1.PodSpec), initContainers: [aContainer('beside', { restartPolicy: 'Always', resources: sized(cpu, '8Mi') })], containers: [aContainer('main', { resources: sized(cpu, '64Mi') })] },
    });
    const worker = bench.worker(of('100m', 1));
    await bench.running('main');
    worker.update(of('200m', 2));
    await bench.until('resized', () => bench.events.lines.some((line) => line.startsWith('ResizeCompleted')));
    const [begun, done] = bench.events.lines.filter((line) => line.startsWith('Resize'));
    const text = '{"initContainers":[{"name":"beside","resources":{"limits":{"cpu":"200m","memory":"8Mi"},"requests":{"cpu":"200m","memory":"8Mi"}}}],"containers":[{"name":"main","resources":{"limits":{"cpu":"200m","memory":"64Mi"},"requests":{"cpu":"200m","memory":"64Mi"}}}],"generation":2}';
    expect([begun, done]).toEqual([`ResizeStarted: Pod resize started: ${text}`, `ResizeCompleted: Pod resize completed: ${text}`]);
    expect(bench.status).toMatchObject({ allocatedResources: { cpu: '400m', memory: '72Mi' }, resources: { requests: { cpu: '400m', memory: '72Mi' }, limits: { cpu: '400m', memory: '72Mi' } } });
  });

  it('reaches an init container that runs, before the others begin', async () => {
    const of = (memory: string): corev1.Pod => ({ ...pod, spec: { ...(pod.spec as corev1.PodSpec), initContainers: [aContainer('first', { resources: sized('100m', memory) })] } });
    const worker = bench.worker(of('32Mi'));
    await bench.running('first');
    worker.update(of('48Mi'));
    await bench.until('resized', () => bench.container('first')?.resources?.limits?.['memory'] === '48Mi');
    expect(bench.runtime.calls).toContain(`updateContainerResources first 102 ${48 * 2 ** 20}`);
  });

  describe('of a pod as a whole', () => {
    const whole = (memory: string, generation = 1, more: Partial<corev1.Container> = {}): corev1.Pod => ({
      ...pod, metadata: { ...pod.metadata, generation },
      spec: { ...(pod.spec as corev1.PodSpec), resources: { requests: { cpu: '100m', memory: '16Mi' }, limits: { memory } }, containers: [aContainer('main', more), aContainer('limited', { resources: { limits: { memory: '8Mi' } } })] },
    });

    it('changes what its containers have no limit of, and is shown', async () => {
      const worker = bench.worker(whole('64Mi'));
      await bench.running('limited');
      expect(bench.status).toMatchObject({ allocatedResources: { cpu: '100m', memory: '16Mi' }, resources: { requests: { cpu: '100m', memory: '16Mi' }, limits: { memory: '64Mi' } } });
      worker.update(whole('128Mi', 2));
      await bench.until('resized', () => bench.status.resources?.limits?.['memory'] === '128Mi' && bench.events.lines.some((line) => line.startsWith('ResizeCompleted')));
      expect(bench.runtime.calls.filter((call) => call.startsWith('update'))).toEqual([`updateContainerResources main 2 ${128 * 2 ** 20}`, `updatePodSandboxResources 102 ${128 * 2 ** 20}`]);
      expect(bench.statuses.some(({ conditions }) => conditions?.some(({ type }) => type === 'PodResizeInProgress') === true)).toBe(true);
      expect([bench.condition('PodResizeInProgress'), bench.container('main')?.restartCount]).toEqual([undefined, 0]);
      expect(bench.events.lines.filter((line) => line.startsWith('Resize')).map((line) => line.split(':')[0])).toEqual(['ResizeStarted', 'ResizeCompleted']);
      expect(await bench.metric('kubelet_pod_resize_duration_milliseconds_count{success="true"}')).toBe(1);
    });

    it('restarts only the container whose memory it changes and whose policy says so', async () => {
      const policy = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] };
      const worker = bench.worker(whole('64Mi', 1, policy));
      await bench.running('limited');
      worker.update(whole('128Mi', 2, policy));
      await bench.until('restarted', () => bench.container('main')?.restartCount === 1 && bench.status.resources?.limits?.['memory'] === '128Mi');
      expect(bench.container('limited')?.restartCount).toBe(0);
    });

    it('and of a container in it never go on at a time', async () => {
      const of = (cpu: string, limited: string, generation: number): corev1.Pod => {
        const { metadata, spec } = whole('64Mi', generation);
        return { metadata, spec: { ...spec, resources: { ...spec?.resources, requests: { cpu, memory: '16Mi' } }, containers: [aContainer('main'), aContainer('limited', { resources: { limits: { memory: limited } } })] } };
      };
      const worker = bench.worker(of('100m', '8Mi', 1));
      await bench.running('limited');
      const ends: (() => void)[] = [];
      const wait = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
      Object.assign(bench.runtime.behave, { updateContainerResources: wait, updatePodSandboxResources: wait });
      const calls = async (): Promise<string[]> => {
        await bench.settle();
        return bench.runtime.calls.filter((call) => call.startsWith('update')).map((call) => call.split(' ')[0]!);
      };
      worker.update(of('100m', '16Mi', 2));
      await expect(calls()).resolves.toEqual(['updateContainerResources']);
      // All of its containers have what they are to have, but one of them is about to have other resources.
      worker.update(of('200m', '8Mi', 3));
      await expect(calls()).resolves.toHaveLength(1);
      worker.update(of('200m', '16Mi', 4));
      ends[0]!();
      await expect(calls()).resolves.toEqual(['updateContainerResources', 'updatePodSandboxResources']);
      worker.update(of('200m', '8Mi', 5));
      await expect(calls()).resolves.toHaveLength(2);
      ends[1]!();
      await expect(calls()).resolves.toEqual(['updateContainerResources', 'updatePodSandboxResources', 'updateContainerResources']);
      ends[2]!();
      await expect(calls()).resolves.toHaveLength(4);
      ends[3]!();
      await bench.until('resized', () => bench.condition('PodResizeInProgress') === undefined);
    });

    it('does not fit its containers where one of them was given something meanwhile', () => {
      const resizing = new PodResizing(pod, emptyRuntimeView);
      resizing.resized('a', pod, sized('100m', '64Mi'));
      const { changes } = resizing;
      resizing.gave('b', pod, sized('200m', '64Mi'));
      resizing.gavePod(pod, changes);
      expect(resizing.podHasItsOwn).toBe(false);
      resizing.gavePod(pod, resizing.changes);
      expect(resizing.podHasItsOwn).toBe(true);
    });

    it('waits for room, and is known to a kubelet that comes later', async () => {
      const first = bench.worker(whole('64Mi'));
      await bench.running('limited');
      bench.room = { reason: 'Deferred', message: 'full' };
      first.update(whole('128Mi', 2));
      await bench.until('pending', () => bench.condition('PodResizePending') !== undefined);
      expect(bench.status.resources?.limits).toEqual({ memory: '64Mi' });
      first.close();
      const { status } = bench;
      const second = bench.worker({ ...whole('128Mi', 2), status }, await observePod(bench.runtime, pod.metadata.uid ?? ''));
      await bench.until('is looked at', () => bench.condition('PodResizePending')?.reason === 'Deferred');
      expect(second.held.spec?.resources?.limits).toEqual({ memory: '64Mi' });
      bench.room = undefined;
      second.tryResize('pods_removed');
      await bench.until('resized', () => bench.status.resources?.limits?.['memory'] === '128Mi');
    });

    it('is told with its overhead, and read without', () => {
      const [given, allocated] = ['1', '2'].map((cpu) => aPod({ resources: { requests: { cpu } }, overhead: { cpu: '250m' } }));
      const status = podResourcesStatus(given as corev1.Pod, allocated as corev1.Pod, true);
      expect(status).toEqual({ allocatedResources: { cpu: '2250m' }, resources: { requests: { cpu: '1250m' } } });
      expect(podResourcesFromStatus({ ...allocated, status: { ...status, phase: 'Running' } } as corev1.Pod)).toEqual({ requests: { cpu: '1' } });
    });

    it('is read back as it was given, whatever its status does not tell and whatever that tells of its containers', () => {
      const huge = { cpu: '1', memory: '64Mi', 'hugepages-2Mi': '4Mi' };
      const told = (spec: Partial<corev1.PodSpec>): corev1.ResourceRequirements | undefined => {
        const adopted = aPod(spec);
        return podResourcesFromStatus({ ...adopted, status: { phase: 'Running', ...podResourcesStatus(adopted, adopted, true) } });
      };
      expect(told({ resources: { requests: huge, limits: huge } })).toEqual({ requests: huge, limits: huge });
      const containers = [aContainer('main', { resources: sized('200m', '32Mi') })];
      expect(told({ containers, resources: { requests: { cpu: '1' } } })).toEqual({ requests: { cpu: '1' } });
      expect(told({ containers, resources: { limits: { memory: '64Mi' } } })).toEqual({ limits: { memory: '64Mi' } });
    });

    it('is the sum over its containers where it does not say, limited where all of them are', () => {
      const of = (...limits: (string | undefined)[]): corev1.Pod => aPod({ containers: limits.map((memory, i) => aContainer(`c${i}`, { resources: { requests: { memory: '1Mi' }, ...(memory === undefined ? {} : { limits: { memory } }) } })) });
      expect(podResourcesStatus(of('2Mi', '3Mi'), of('2Mi', '3Mi'), true)).toEqual({ allocatedResources: { memory: '2Mi' }, resources: { requests: { memory: '2Mi' }, limits: { memory: '5Mi' } } });
      expect(podResourcesStatus(of('2Mi', undefined), of('2Mi', undefined), true).resources).toEqual({ requests: { memory: '2Mi' } });
      expect(podResourcesStatus(of('2Mi'), of('2Mi'), false).resources).toBeUndefined();
      expect(podResourcesStatus(aPod(), aPod(), true)).toEqual({});
    });

    it('takes no memory away that its group has in use', () => {
      expect(podShrinkError(whole('64Mi'), whole('32Mi'), 40 * 2 ** 20)).toBe(`cannot decrease memory limits: attempting to set pod memory limit (${32 * 2 ** 20}) below current usage (${40 * 2 ** 20})`);
      expect(podShrinkError(whole('64Mi'), whole('32Mi'), 30 * 2 ** 20)).toBeUndefined();
    });

    it('gives each container what it has no limit of itself', () => {
      expect(effectiveResources({ resources: { limits: { cpu: '1' } } }, { limits: { 'cpu': '2', 'memory': '1Gi', 'hugepages-2Mi': '2Mi' } })).toEqual({ limits: { cpu: '1', memory: '1Gi' } });
    });
  });

  it('is counted by what each container asks for', () => {
    const [from, to] = [aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '1', memory: '1Gi' } } })] }), aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '500m', memory: '1024Mi' }, limits: { memory: '2Gi' } } })] })];
    expect(resizeRequests(from, to)).toEqual([{ resource: 'cpu', requirement: 'requests', operation: 'decrease' }, { resource: 'memory', requirement: 'limits', operation: 'add' }]);
    expect(resizeRequests(to, from).map(({ operation }) => operation)).toEqual(['increase', 'remove']);
  });

  it('is taken up first for who asks for no more, then by priority, class and patience', () => {
    const waiting = (name: string, from: string, to: string, priority: number, sinceMs: number, limits?: string): WaitingResize & { name: string } => {
      const of = (cpu: string): corev1.Pod => aPod({ priority, containers: [aContainer('main', { resources: { requests: { cpu, memory: '1Mi' }, ...(limits === undefined ? {} : { limits: { cpu, memory: '1Mi' } }) } })] });
      return { name, held: of(from), wanted: of(to), sinceMs };
    };
    const all = [waiting('late', '1', '2', 0, 5), waiting('early', '1', '2', 0, 4), waiting('guaranteed', '1', '2', 0, 9, 'all'), waiting('important', '1', '2', 10, 9), waiting('smaller', '2', '1', -5, 9)];
    expect(all.sort(resizeOrder).map(({ name }) => name)).toEqual(['smaller', 'important', 'guaranteed', 'early', 'late']);
  });

  it('keeps from others what containers still have', () => {
    expect(heldResources(sized('2', '64Mi'), sized('1', '128Mi'))).toEqual(sized('2', '128Mi'));
    expect(heldResources({ limits: { cpu: '1' } }, { requests: { cpu: '500m' } })).toEqual({ requests: { cpu: '500m' }, limits: { cpu: '1' } });
  });

  it('tells of a pod and its container that both would have too little', () => {
    const [from, to] = [sized('1', '2000'), sized('1', '1000')];
    const of = (resources: corev1.ResourceRequirements): corev1.Pod => aPod({ containers: [aContainer('main', { resources })] });
    const error = (pod: number, container: number): string | undefined => shrinkError(of(from), of(to), { name: 'main', from, to }, { pod, container });
    expect(error(1500, 1200)).toBe('cannot decrease memory limits: [attempting to set pod memory limit (1000) below current usage (1500), attempting to set container "main" memory limit (1000) below current usage (1200)]');
    expect(error(900, 900)).toBeUndefined();
    expect(shrinkError(of(to), of(from), { name: 'main', from: to, to: from }, { pod: 5000, container: 5000 })).toBeUndefined();
  });

  it('is infeasible for memory of a container that may swap', () => {
    const of = (memory: string, more: Partial<corev1.Container> = {}): corev1.Pod => aPod({ containers: [aContainer('main', { resources: { requests: { memory }, limits: { memory: '2Gi' } }, ...more })] });
    const node = (control: 'cgroup v1' | 'cgroup v2'): Parameters<typeof refuseSwapping>[2] => ({ memoryCapacity: 8 * 2 ** 30, swap: { behavior: 'LimitedSwap', capacity: 2 ** 30, control } });
    expect(refuseSwapping(of('1Gi'), of('512Mi'), node('cgroup v2'))).toMatchObject({ reason: 'Infeasible', detail: 'swap_limitation' });
    expect(refuseSwapping(of('1Gi'), of('512Mi'), node('cgroup v1'))).toBeUndefined();
    expect(refuseSwapping(of('1Gi'), of('1Gi'), node('cgroup v2'))).toBeUndefined();
    expect(refuseSwapping(of('1Gi'), of('512Mi', { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] }), node('cgroup v2'))).toBeUndefined();
  });

  it('is infeasible when the empty node has no room', () => {
    const rejection = { reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 8000, used: 100, capacity: 4000" };
    expect(roomFor(rejection, rejection)).toEqual({ reason: 'Infeasible', message: "Node didn't have enough capacity: cpu, requested: 8000, capacity: 4000", detail: 'insufficient_node_allocatable' });
    expect(roomFor(rejection, undefined)?.reason).toBe('Deferred');
    expect(roomFor(undefined, undefined)).toBeUndefined();
  });
});
