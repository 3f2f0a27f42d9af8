import { aContainer, aPod, deleted, PodBench } from '../testing/pod-bench';

describe('PodWorker and the end of a pod', () => {
  let bench: PodBench;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('ends a deleted pod: hook, time to end, sandbox, files, and only then the object', async () => {
    const pod = aPod({ containers: [aContainer('main', { lifecycle: { preStop: { exec: { command: ['drain'] } } } })] });
    const worker = bench.worker(pod);
    await bench.running('main');
    let end = (): void => undefined;
    bench.runtime.onStop = (container) => new Promise((resolve) => {
      end = () => {
        bench.runtime.exit(container.status.id, 143);
        resolve();
      };
    });
    bench.runtime.calls.length = 0;
    worker.update(deleted(pod, 10));
    await bench.until('asked to stop', () => bench.runtime.calls.includes('stopContainer main 10'));
    expect(bench.runtime.calls).toEqual(['execSync drain', 'stopContainer main 10']);
    expect(bench.events.lines).toContain('Killing: Stopping container main');
    expect(bench.deleted).toEqual([]);
    end();
    await bench.until('gone from the API', () => bench.deleted.length > 0);
    expect(bench.status).toMatchObject({ phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 143 } } }] });
    await bench.until('done', () => worker.done);
    expect(bench.runtime.containers.size + bench.runtime.sandboxes.size).toBe(0);
  });

  it('runs all preStop hooks at once, and ends sidecars after what they serve, the last first', async () => {
    const sidecar = (name: string) => aContainer(name, { restartPolicy: 'Always', lifecycle: { preStop: { exec: { command: [`drain-${name}`] } } } });
    const pod = aPod({ initContainers: [sidecar('first'), sidecar('second')] });
    const worker = bench.worker(pod);
    await bench.running('main');
    const ends = new Map<string, () => void>();
    bench.runtime.onStop = ({ config, status }) => new Promise((resolve) => {
      ends.set(config.metadata?.name ?? '', () => {
        bench.runtime.exit(status.id, 0);
        resolve();
      });
    });
    bench.runtime.calls.length = 0;
    worker.update(deleted(pod, 20));
    await bench.until('asked to stop', () => ends.has('main'));
    await bench.settle();
    expect([...bench.runtime.calls].sort()).toEqual(['execSync drain-first', 'execSync drain-second', 'stopContainer main 20']);
    for (const [ended, next] of [['main', 'second'], ['second', 'first']] as const) {
      expect(ends.has(next)).toBe(false);
      ends.get(ended)?.();
      await bench.until(`${next} asked to stop`, () => ends.has(next));
    }
    ends.get('first')?.();
    await bench.until('done', () => worker.done);
  });

  it('waits no longer for the turn of a sidecar than there is grace', async () => {
    const pod = aPod({ initContainers: [aContainer('sidecar', { restartPolicy: 'Always' })] });
    const worker = bench.worker(pod);
    await bench.running('main');
    bench.runtime.onStop = () => new Promise(() => undefined);
    bench.runtime.calls.length = 0;
    worker.update(deleted(pod, 10));
    await bench.until('asked to stop', () => bench.runtime.calls.includes('stopContainer main 10'));
    await bench.clock.advance(9_999);
    expect(bench.runtime.calls).toEqual(['stopContainer main 10']);
    await bench.clock.advance(1);
    await bench.until('asked to stop', () => bench.runtime.calls.includes('stopContainer sidecar 2'));
  });

  it('takes the time of the preStop hook off the grace period', async () => {
    const pod = aPod({ containers: [aContainer('main', { lifecycle: { preStop: { sleep: { seconds: 7 } } } })] });
    const worker = bench.worker(pod);
    await bench.running('main');
    worker.update(deleted(pod, 10));
    await bench.settle();
    await bench.clock.advance(7000);
    await bench.until('asked to stop', () => bench.runtime.calls.includes('stopContainer main 3'));
  });

  it('keeps nothing of an evicted pod that takes room, and its status', async () => {
    const worker = bench.worker(aPod());
    await bench.running('main');
    worker.disrupt('Evicted', 'The node was low on resource: ephemeral-storage. ', 'The node was low on resource: ephemeral-storage. ', 1);
    await bench.until('over', () => bench.status.phase === 'Failed');
    await bench.until('removed', () => bench.runtime.containers.size === 0);
    worker.refresh();
    await bench.settle();
    expect(bench.status).toMatchObject({ phase: 'Failed', reason: 'Evicted', containerStatuses: [{ state: { terminated: { containerID: expect.any(String) as string } } }] });
    expect(worker.done).toBe(false);
  });

  it('stops faster when a second deletion asks for it', async () => {
    const pod = aPod();
    const worker = bench.worker(pod);
    await bench.running('main');
    const patience: number[] = [];
    bench.runtime.onStop = (container, seconds) => {
      patience.push(seconds);
      if (seconds < 10) bench.runtime.exit(container.status.id, 137);
      return seconds < 10 ? Promise.resolve() : new Promise(() => undefined);
    };
    worker.update(deleted(pod, 60));
    await bench.until('asked to stop', () => patience.length === 1);
    worker.update(deleted(pod, 3));
    await bench.until('killed', () => patience.length === 2);
    expect(patience).toEqual([60, 3]);
    await bench.until('gone from the API', () => bench.deleted.length > 0);
  });

  it('does not start what was still on its way when the pod was deleted', async () => {
    const pod = aPod();
    let finish = (): void => undefined;
    bench.runtime.behave['runPodSandbox'] = () => new Promise<void>((resolve) => (finish = resolve));
    const worker = bench.worker(pod);
    await bench.until('sandbox asked for', () => bench.runtime.calls.includes('runPodSandbox web'));
    worker.update(deleted(pod));
    await bench.settle();
    expect(bench.deleted).toEqual([]);
    finish();
    await bench.until('gone from the API', () => bench.deleted.length > 0);
    expect(bench.runtime.calls).toContain('stopPodSandbox sandbox-1');
    expect(bench.runtime.has('main')).toBe(false);
  });

  it('fails a pod that is active longer than it may be', async () => {
    const worker = bench.worker(aPod({ activeDeadlineSeconds: 60 }));
    await bench.running('main');
    await bench.clock.advance(60_000);
    await bench.until('stopped', () => worker.stopped);
    expect(bench.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' });
  });
});
