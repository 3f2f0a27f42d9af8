import { core, type corev1 } from '@navarch/api';
import { wholeValue } from '../quantities';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';

/** Thousandths of the node's memory. */
const shareOf = (harness: KubeletHarness, share: number): corev1.ResourceRequirements => ({
  requests: { memory: String(Math.floor((wholeValue(harness.bench.api.find(core.nodes, '', 'node-1')?.status?.allocatable?.['memory']) * share) / 1000)) },
});

describe('pods that wait for room to grow', () => {
  let harness: KubeletHarness;
  beforeAll(async () => {
    harness = await KubeletHarness.open();
    await harness.start();
    await harness.until('it is registered', () => harness.bench.api.find(core.nodes, '', 'node-1') !== undefined);
  });
  afterAll(() => harness.close());

  const run = async (name: string, share: number, more: Partial<corev1.PodSpec> = {}): Promise<void> => {
    harness.bench.createPod(aPod({ containers: [aContainer('main', { resources: shareOf(harness, share) })], ...more }, { name }));
    await harness.running(name);
  };
  const grow = (name: string, share: number): void => {
    const { metadata, spec } = harness.bench.pod(name) as corev1.Pod;
    harness.bench.api.update(core.pods, 'default', name, '', {
      metadata: { name, namespace: 'default', generation: (metadata.generation ?? 1) + 1 },
      spec: { ...spec, containers: [aContainer('main', { resources: shareOf(harness, share) })] },
    } as corev1.Pod);
  };
  const pending = (name: string): string | undefined => harness.bench.pod(name)?.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason;
  const has = (name: string, share: number): boolean => harness.bench.status(name)?.resources?.requests?.['memory'] === shareOf(harness, share).requests?.['memory'];

  it('get it as soon as another leaves it, the more important one first', async () => {
    await run('large', 600);
    await run('first', 50);
    await run('important', 50, { priority: 100 });
    grow('first', 600);
    await harness.until('waits', () => pending('first') === 'Deferred');
    grow('important', 450);
    await harness.until('waits, too', () => pending('important') === 'Deferred');
    expect(await harness.bench.registry.metrics()).toContain('kubelet_pod_pending_resizes{reason="deferred"} 2');
    harness.bench.api.delete(core.pods, 'default', 'large', { gracePeriodSeconds: 1 });
    await harness.until('is resized', () => has('important', 450) && pending('important') === undefined);
    expect([pending('first'), has('first', 50)]).toEqual(['Deferred', true]);
    harness.bench.api.delete(core.pods, 'default', 'important', { gracePeriodSeconds: 1 });
    await harness.until('is resized, too', () => has('first', 600) && pending('first') === undefined);
    expect(await harness.bench.registry.metrics()).toContain('kubelet_pod_deferred_accepted_resizes_total{retry_trigger="pods_removed"} 2');
  });

  it('are told at once of what can never be', async () => {
    grow('first', 2000);
    await harness.until('is refused', () => pending('first') === 'Infeasible');
    expect(await harness.bench.registry.metrics()).toContain('kubelet_pod_infeasible_resizes_total{reason_detail="insufficient_node_allocatable"} 1');
  });
});
