import { type corev1 } from '@navarch/api';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('a pod that is resized', () => {
  let bench: PodBench;
  const pod = aPod();
  const sized = (cpu: string, memory: string): corev1.ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } });

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('keeps its group as wide as what is in it, when a container starts meanwhile', async () => {
    const of = (memory: string, generation: number): corev1.Pod => ({
      ...pod,
      metadata: { ...pod.metadata, generation },
      spec: {
        ...(pod.spec as corev1.PodSpec),
        containers: [aContainer('main', { resources: sized('100m', memory) }), aContainer('other', { resources: sized('100m', '8Mi') })],
      },
    });
    const worker = bench.worker(of('64Mi', 1));
    await bench.running('other');
    await bench.running('main');
    let end = (): void => undefined;
    Object.assign(bench.runtime.behave, { updateContainerResources: (): Promise<void> => new Promise((resolve) => (end = resolve)) });
    worker.update(of('32Mi', 2));
    await bench.until('shrinking', () => bench.runtime.calls.some((call) => call.startsWith('updateContainerResources')));
    const made = jest.spyOn(bench.cgroups, 'ensurePod');
    const memory = (sizedPod: corev1.Pod | undefined): string | undefined => sizedPod?.spec?.containers[0]?.resources?.limits?.['memory'];
    bench.runtime.exit(bench.runtime.newest('other').status.id, 1);
    worker.refresh();
    await bench.until('started again', () => bench.container('other')?.restartCount === 1 && bench.container('other')?.state?.running !== undefined);
    expect(made.mock.calls.map(([to, held]) => [memory(to), memory(held)])).toEqual([['32Mi', '64Mi']]);
    end();
    await bench.until('resized', () => bench.condition('PodResizeInProgress') === undefined);
    await bench.settle();
    // As wide as it is to be, in the end.
    expect(made.mock.calls.slice(1).map(([to, held]) => [memory(to), memory(held)])).toContainEqual(['32Mi', undefined]);
  });
});
