import { type corev1 } from '@navarch/api';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('a container whose end restarts all', () => {
  let bench: PodBench;
  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  const pod = (): corev1.Pod => aPod({
    restartPolicy: 'Never', terminationGracePeriodSeconds: 5,
    initContainers: [aContainer('init'), aContainer('side', { restartPolicy: 'Always', lifecycle: { preStop: { exec: { command: ['bye'] } } } })],
    containers: [aContainer('main'), aContainer('watch', { restartPolicy: 'Never', restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [88] } }] })],
  });
  const exit = (name: string, code: number): void => bench.runtime.exit(bench.runtime.newest(name).status.id, code);
  const restarting = (): corev1.PodCondition | undefined => bench.condition('AllContainersRestarting');
  const up = async (worker: { refresh: () => void }): Promise<void> => {
    await bench.until('init runs', () => bench.container('init')?.state?.running !== undefined);
    exit('init', 0);
    worker.refresh();
    await bench.running('watch');
    await bench.running('main');
  };

  it('takes all of them away, without hooks, and begins with the first again, in the same sandbox', async () => {
    const worker = bench.worker(pod());
    await up(worker);
    expect(restarting()).toMatchObject({ status: 'False' });
    const sandbox = worker.view.sandboxes[0]?.id;
    const phases = bench.statuses.length;
    exit('watch', 88);
    worker.refresh();
    await bench.until('restarting', () => restarting()?.status === 'True');
    expect(restarting()).toMatchObject({ reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' });
    await bench.until('init runs again', () => bench.container('init')?.restartCount === 1 && bench.container('init')?.state?.running !== undefined);
    expect(restarting()).toMatchObject({ status: 'False' });
    exit('init', 0);
    worker.refresh();
    await bench.until('all run again', () => ['side', 'main', 'watch'].every((name) => bench.container(name)?.restartCount === 1 && bench.container(name)?.state?.running !== undefined));
    expect(['init', 'side', 'main', 'watch'].map((name) => bench.container(name)?.lastState?.terminated?.exitCode)).toEqual([0, 0, 0, 88]);
    expect(worker.view.sandboxes.map(({ id }) => id)).toEqual([sandbox]);
    expect(bench.runtime.calls.some((call) => call.includes('bye'))).toBe(false);
    expect(bench.statuses.slice(phases).map(({ phase }) => phase)).not.toContain('Failed');
  });

  it('waits with all of them as long as one that crashes again and again would', async () => {
    const worker = bench.worker(pod());
    await up(worker);
    exit('watch', 88);
    worker.refresh();
    await bench.until('init again', () => bench.container('init')?.restartCount === 1);
    exit('init', 0);
    worker.refresh();
    await bench.until('all again', () => bench.container('watch')?.restartCount === 1 && bench.container('watch')?.state?.running !== undefined);
    exit('watch', 88);
    worker.refresh();
    await bench.until('restarting', () => restarting()?.status === 'True');
    await bench.settle();
    expect(bench.container('init')?.restartCount).toBe(1);
    await bench.clock.advance(10_000);
    await bench.until('init a third time', () => bench.container('init')?.restartCount === 2);
  });

  it('does not when its code is another, and not once the pod is to end', async () => {
    const worker = bench.worker(pod());
    await up(worker);
    exit('watch', 1);
    exit('main', 0);
    worker.refresh();
    await bench.until('failed', () => bench.status.phase === 'Failed');
    expect(restarting()).toMatchObject({ status: 'False', reason: 'PodFailed' });
  });
});
