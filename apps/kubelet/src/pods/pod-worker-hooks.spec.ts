import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('PodWorker and the hooks of containers', () => {
  let bench: PodBench;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('does not show a container as running before its postStart hook is done, nor start the next', async () => {
    let finish = (): void => undefined;
    bench.runtime.behave['execSync'] = () => new Promise<void>((resolve) => (finish = resolve));
    bench.worker(aPod({ containers: [aContainer('main', { lifecycle: { postStart: { exec: { command: ['warm-up'] } } } }), aContainer('next')] }));
    await bench.until('hook runs', () => bench.runtime.calls.includes('execSync warm-up'));
    await bench.settle();
    expect(bench.container('main')?.state?.waiting?.reason).toBe('ContainerCreating');
    expect(bench.runtime.has('next')).toBe(false);
    finish();
    await bench.running('main');
    await bench.running('next');
  });

  it('ends a container whose postStart hook fails', async () => {
    bench.runtime.behave['execSync'] = () => ({ stdout: Buffer.from('out'), stderr: Buffer.from('bad'), exitCode: 1 });
    bench.worker(aPod({ containers: [aContainer('main', { lifecycle: { postStart: { exec: { command: ['warm-up'] } } } })] }));
    await bench.until('hook failed', () => bench.container('main')?.state?.waiting?.reason === 'PostStartHookError' || bench.container('main')?.lastState?.terminated !== undefined);
    expect(bench.events.lines).toContain('FailedPostStartHook: PostStartHook failed');
  });

  it('runs the preStop hook of a container whose postStart hook fails before it ends it', async () => {
    bench.runtime.behave['execSync'] = (command) => ({ stdout: Buffer.from(''), stderr: Buffer.from(''), exitCode: command === 'warm-up' ? 1 : 0 });
    bench.worker(aPod({ containers: [aContainer('main', { lifecycle: { postStart: { exec: { command: ['warm-up'] } }, preStop: { exec: { command: ['drain'] } } } })] }));
    await bench.until('ended', () => bench.runtime.calls.includes('stopContainer main 30'));
    expect(bench.runtime.calls.filter((call) => /^(execSync|stopContainer)/.test(call)).slice(0, 3)).toEqual(['execSync warm-up', 'execSync drain', 'stopContainer main 30']);
  });
});
