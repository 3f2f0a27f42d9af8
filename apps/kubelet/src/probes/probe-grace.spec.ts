import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('a probe\'s terminationGracePeriodSeconds', () => {
  let bench: PodBench;
  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it.each(['livenessProbe', 'startupProbe'] as const)('is what a container gets that fails its %s', async (probe) => {
    bench.probe = () => ({ result: 'failure', output: 'no' });
    bench.worker(aPod({ terminationGracePeriodSeconds: 60, containers: [aContainer('main', { [probe]: { tcpSocket: { port: 80 }, initialDelaySeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 7 } })] }));
    await bench.running('main');
    await bench.clock.advance(1000);
    await bench.until('it is stopped', () => bench.runtime.calls.some((call) => call.startsWith('stopContainer')));
    expect(bench.runtime.calls.find((call) => call.startsWith('stopContainer'))).toMatch(/ 7$/);
  });
});
