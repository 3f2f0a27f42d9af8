import { core } from '@navarch/api';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aPod } from '../testing/pod-bench';
import { gracesFromPeriods, planShutdown } from './plan-shutdown';

describe('planShutdown', () => {
  const pod = (priority?: number) => ({ pod: aPod(priority === undefined ? {} : { priority }) });

  it('ends critical pods last, with their own share of the time', () => {
    const [usual, critical] = [pod(), pod(2_000_000_000)];
    expect(planShutdown([critical, usual], gracesFromPeriods(30_000, 10_000))).toEqual([{ pods: [usual], graceMs: 20_000 }, { pods: [critical], graceMs: 10_000 }]);
  });

  it('goes by priority where that is given', () => {
    const [low, middle, high] = [pod(-5), pod(100), pod(1000)];
    expect(planShutdown([high, middle, low], [{ priority: 1000, graceMs: 3 }, { priority: 0, graceMs: 1 }, { priority: 100, graceMs: 2 }])).toEqual([
      { pods: [low], graceMs: 1 }, { pods: [middle], graceMs: 2 }, { pods: [high], graceMs: 3 },
    ]);
  });

  it('takes no period for leaving pods alone, and refuses a share that is larger than the whole', () => {
    expect(gracesFromPeriods(0, 0)).toEqual([]);
    expect(() => gracesFromPeriods(1, 2)).toThrow('must not be longer');
  });
});

describe('a kubelet that is told to end, on a node that shuts down gracefully', () => {
  it('ends its pods in order, says why, and is not ready', async () => {
    const harness = await KubeletHarness.open(() => ({ shutdownGraces: gracesFromPeriods(30_000, 10_000) }));
    await harness.start();
    harness.bench.createPod(aPod({ priority: 2_000_001_000 }, { name: 'critical' }));
    harness.bench.createPod(aPod({}, { name: 'usual' }));
    await harness.running('critical');
    await harness.running('usual');
    const ended: string[] = [];
    harness.runtime.onStop = (container, seconds) => {
      ended.push(`${container.status.labels['io.kubernetes.pod.name'] ?? ''} ${seconds}`);
      harness.runtime.exit(container.status.id, 0);
      return Promise.resolve();
    };
    let stopped = false;
    const stopping = harness.bench.kubelet.stop().then(() => (stopped = true));
    await harness.passing('stopped', 100, () => stopped);
    await stopping;
    expect(ended).toEqual(['usual 20', 'critical 10']);
    const metrics = await harness.bench.registry.metrics();
    const [start, end] = ['start', 'end'].map((edge) => Number(new RegExp(`^kubelet_graceful_shutdown_${edge}_time_seconds (\\S+)$`, 'm').exec(metrics)?.[1]));
    expect(start).toBeGreaterThan(0);
    expect(end).toBeGreaterThanOrEqual(start ?? Infinity);
    expect(harness.bench.pod('usual')?.status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' });
    expect(harness.bench.pod('critical')?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' });
    expect(harness.bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', message: 'node is shutting down' });
    await harness.close();
  });
});
