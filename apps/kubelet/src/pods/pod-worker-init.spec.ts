import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('init containers and sidecars', () => {
  let bench: PodBench;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('runs init containers one after the other before the others', async () => {
    const worker = bench.worker(aPod({ initContainers: [aContainer('first'), aContainer('second')] }));
    await bench.running('first');
    expect(bench.container('second')?.state?.waiting?.reason).toBe('PodInitializing');
    expect(bench.container('main')?.state?.waiting?.reason).toBe('PodInitializing');
    expect(bench.condition('Initialized')).toMatchObject({ status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [first second]' });
    expect(bench.status.phase).toBe('Pending');
    await bench.exit(worker, 'first', 0);
    await bench.running('second');
    expect(bench.runtime.has('main')).toBe(false);
    await bench.exit(worker, 'second', 0);
    await bench.running('main');
    expect(bench.container('first')).toMatchObject({ ready: true, state: { terminated: { reason: 'Completed' } } });
    expect(bench.condition('Initialized')?.status).toBe('True');
  });

  it('fails a pod that must not restart when an init container fails', async () => {
    const worker = bench.worker(aPod({ restartPolicy: 'Never', initContainers: [aContainer('init')] }));
    await bench.running('init');
    await bench.exit(worker, 'init', 1);
    await bench.until('cleaned up', () => worker.stopped);
    expect(bench.status.phase).toBe('Failed');
    expect(bench.runtime.has('main')).toBe(false);
  });

  it('keeps a sidecar up beside the others, and ends it after them', async () => {
    const worker = bench.worker(aPod({ restartPolicy: 'Never', initContainers: [aContainer('sidecar', { restartPolicy: 'Always' }), aContainer('init')] }));
    await bench.running('sidecar');
    await bench.running('init');
    await bench.exit(worker, 'init', 0);
    await bench.running('main');
    await bench.exit(worker, 'sidecar', 1);
    await bench.until('sidecar restarted', () => bench.container('sidecar')?.restartCount === 1);
    await bench.exit(worker, 'main', 0);
    await bench.until('cleaned up', () => worker.stopped);
    expect(bench.status.phase).toBe('Succeeded');
    expect(bench.runtime.calls.filter((call) => call.startsWith('stopContainer'))).toEqual(['stopContainer sidecar 30']);
  });

  it('waits for a sidecar to have started before it goes on', async () => {
    let up = false;
    bench.probe = () => ({ result: up ? 'success' : 'failure', output: 'not yet' });
    bench.worker(aPod({ initContainers: [aContainer('sidecar', { restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 9 } })] }));
    await bench.running('sidecar');
    await bench.settle();
    expect(bench.runtime.has('main')).toBe(false);
    up = true;
    await bench.clock.advance(1000);
    await bench.running('main');
  });
});
