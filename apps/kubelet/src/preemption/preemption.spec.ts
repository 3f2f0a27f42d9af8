import { core, type corev1 } from '@navarch/api';
import { type Shortfall } from '../pods/admit-pod';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { chooseVictims } from './choose-victims';

const critical = 2_000_001_000;
const asking = (requests: Record<string, string>, more: Partial<corev1.PodSpec> = {}): Partial<corev1.PodSpec> => ({ containers: [aContainer('main', { resources: { requests } })], ...more });
const guaranteed = (limits: Record<string, string>): Partial<corev1.PodSpec> => ({ containers: [aContainer('main', { resources: { limits, requests: limits } })] });
const named = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => aPod(spec, { name });
/** `amount` of a resource is missing on a node that is full. */
const short = (resource: string, amount: number): Shortfall => ({ resource, requested: amount, used: 0, capacity: 0 });

describe('chooseVictims', () => {
  const preemptor = named('critical', { priority: critical });
  const chosen = (running: corev1.Pod[], ...missing: Shortfall[]): unknown => {
    const victims = chooseVictims(preemptor, running, missing);
    return 'error' in victims ? victims.error : victims.pods.map(({ metadata: { name } }) => name);
  };
  const small = named('small', asking({ cpu: '100m', memory: '100' }));
  const medium = named('medium', asking({ cpu: '500m', memory: '500' }));
  const large = named('large', asking({ cpu: '1', memory: '900' }));
  const sure = named('sure', guaranteed({ cpu: '1', memory: '1000' }));
  const besteffort = named('besteffort', {});

  it.each<[string, corev1.Pod[], Shortfall[], string[]]>([
    ['the smallest that suffices', [large, medium, small], [short('cpu', 400)], ['medium']],
    ['few rather than many', [small, medium, large], [short('cpu', 1100)], ['large', 'small']],
    ['guaranteed ones last', [sure, medium, large], [short('cpu', 1500)], ['large', 'medium']],
    ['guaranteed ones where nothing else suffices', [sure, medium, large], [short('cpu', 2000)], ['large', 'sure']],
    ['the one nearest to all that is missing', [named('much-cpu', asking({ cpu: '2' })), medium], [short('cpu', 500), short('memory', 500)], ['medium']],
    ['one that was promised nothing, where only its place is wanted', [sure, medium, besteffort], [short('pods', 1)], ['besteffort']],
  ])('chooses %s', (_what, running, missing, names) => expect(chosen(running, ...missing)).toEqual(names));

  it('spares critical pods and static ones', () => {
    const running = [named('peer', asking({ cpu: '1' }, { priority: critical })), aPod(asking({ cpu: '1' }), { name: 'static', annotations: { 'kubernetes.io/config.source': 'file' } })];
    expect(chosen(running, short('cpu', 500))).toBe('no set of running pods found to reclaim resources: [(res: cpu, q: 500), ]');
  });

  it('lets the more critical of two go before', () => {
    expect(chosen([named('less', asking({ cpu: '1' }, { priority: critical - 1000 }))], short('cpu', 500))).toEqual(['less']);
  });

  it('says what would be missing still', () => {
    expect(chosen([small], short('cpu', 500), short('memory', 50), short('example.com/card', 1))).toBe('no set of running pods found to reclaim resources: [(res: cpu, q: 400), (res: example.com/card, q: 1), ]');
  });
});

describe('a critical pod on a full node', () => {
  let harness: KubeletHarness;

  beforeEach(async () => {
    harness = await KubeletHarness.open(() => ({ maxPods: 2 }));
    await harness.start();
  });
  afterEach(() => harness.close());

  const run = async (name: string, spec: Partial<corev1.PodSpec> = {}): Promise<void> => {
    harness.bench.createPod(aPod(spec, { name }));
    await harness.running(name);
  };
  const phase = (name: string): string | undefined => harness.bench.pod(name)?.status?.phase;

  it('begins when a lesser one has ended, and not before', async () => {
    await run('sure', guaranteed({ cpu: '100m', memory: '1Mi' }));
    await run('lesser', { terminationGracePeriodSeconds: 7 });
    let end = (): void => undefined;
    harness.runtime.onStop = ({ status }) => new Promise((resolve) => {
      end = () => {
        harness.runtime.exit(status.id, 0);
        resolve();
      };
    });
    harness.bench.createPod(aPod({ priority: critical }, { name: 'critical' }));
    await harness.until('the lesser one is asked to end, with its own grace', () => harness.runtime.calls.includes('stopContainer main 7'));
    await harness.until('said', () => harness.bench.pod('lesser')?.status?.conditions?.some(({ type }) => type === 'DisruptionTarget') === true);
    // Nobody else gets the place meanwhile.
    harness.bench.createPod(aPod({}, { name: 'late' }));
    await harness.until('seen', () => harness.bench.pod('late') !== undefined);
    // Who is told of a pod's end may take what it had: it is not said while it runs.
    expect([phase('critical'), phase('late'), phase('sure'), phase('lesser')]).toEqual(['Pending', 'Pending', 'Running', 'Running']);
    expect(harness.runtime.calls.filter((call) => call.startsWith('runPodSandbox'))).toEqual(['runPodSandbox sure', 'runPodSandbox lesser']);
    end();
    await harness.running('critical');
    await harness.until('refused', () => harness.bench.pod('late')?.status?.reason === 'OutOfpods');
    expect(harness.bench.pod('lesser')?.status).toMatchObject({
      reason: 'Preempting', message: 'Preempted in order to admit critical pod',
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: 'Pod was preempted by Kubelet to accommodate a critical pod.' })]) as unknown,
    });
    expect(harness.bench.events.lines).toContain('Preempting: Preempted in order to admit critical pod');
    expect(await harness.bench.registry.metrics()).toContain('kubelet_preemptions{preemption_signal="pods"} 1');
    expect(phase('sure')).toBe('Running');
  });

  it('is refused where lesser ones would not make room', async () => {
    await run('first', { priority: critical });
    await run('second', { priority: critical });
    harness.bench.createPod(aPod({ priority: critical }, { name: 'third' }));
    await harness.until('refused', () => phase('third') === 'Failed');
    expect(harness.bench.pod('third')?.status).toMatchObject({
      reason: 'UnexpectedAdmissionError',
      message: 'Pod was rejected: Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: pods, q: 1), ]',
    });
  });

  it('ends nobody for a pod that may not be here anyway', async () => {
    await run('first');
    await run('second');
    harness.bench.createPod(aPod({ priority: critical, nodeSelector: { disk: 'fast' } }, { name: 'picky' }));
    await harness.until('refused', () => harness.bench.pod('picky')?.status?.reason === 'NodeAffinity');
    expect([phase('first'), phase('second')]).toEqual(['Running', 'Running']);
  });

  it('lets it go at once when it is deleted while it waits', async () => {
    await run('sure', guaranteed({ cpu: '100m', memory: '1Mi' }));
    await run('lesser');
    harness.runtime.onStop = () => new Promise(() => undefined);
    harness.bench.createPod(aPod({ priority: critical }, { name: 'critical' }));
    await harness.until('said', () => harness.bench.pod('lesser')?.status?.conditions?.some(({ type }) => type === 'DisruptionTarget') === true);
    harness.bench.api.delete(core.pods, 'default', 'critical', { gracePeriodSeconds: 30 });
    await harness.until('gone', () => harness.bench.pod('critical') === undefined);
    expect(harness.runtime.calls.filter((call) => call.startsWith('runPodSandbox'))).toHaveLength(2);
  });
});
