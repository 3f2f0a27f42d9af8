import { type corev1 } from '@navarch/api';
import fc from 'fast-check';
import { aContainer, aPod, deleted } from '../testing/pod-bench';
import { admitPod } from './admit-pod';
import { Backoff } from './backoff';
import { goMilliseconds, goSeconds } from './go-duration';
import { keyOf } from './pod-action';
import { decide } from './pod-lifecycle';
import { type PodObservation } from './pod-observation';
import { podPhase } from './pod-phase';
import { nextTermination } from './pod-termination';
import { type ContainerView } from './runtime-view';
import { restartsAfterExit } from './restart-policy';

describe('decide', () => {
  const view = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'), name: fc.constantFrom('init', 'side', 'main', 'other'), sandboxId: fc.constantFrom('s0', 's1'), attempt: fc.nat(3),
    state: fc.constantFrom('created', 'running', 'exited', 'unknown'), exitCode: fc.constantFrom(0, 1), finishedAtMs: fc.nat(20),
  }).map((fields): ContainerView => ({ hash: '', createdAtMs: fields.attempt, startedAtMs: 1, reason: '', message: '', image: '', imageRef: '', logPath: '', ...(fields as Pick<ContainerView, 'id' | 'name' | 'sandboxId' | 'attempt' | 'state' | 'exitCode' | 'finishedAtMs'>) }));
  const observation = fc.record({
    policy: fc.constantFrom('Always', 'OnFailure', 'Never'), sandboxes: fc.array(fc.boolean(), { maxLength: 2 }), containers: fc.uniqueArray(view, { selector: ({ id }) => id, maxLength: 4 }),
    inFlight: fc.subarray(['volumes', 'sandbox', 'start/main', 'start/init', 'image/main', 'kill/a/30', 'resize/a', 'resize/pod', 'fit-pod']), volumesReady: fc.boolean(), images: fc.subarray(['init', 'side', 'main', 'other']), ending: fc.boolean(), waitMs: fc.nat(20), fits: fc.boolean(), wide: fc.boolean(),
    probe: fc.constantFrom(undefined, 'success' as const, 'failure' as const),
  }).map(({ policy, sandboxes, containers, inFlight, volumesReady, images, ending, waitMs, fits, wide, probe }): PodObservation => ({
    pod: aPod({ restartPolicy: policy, initContainers: [aContainer('init'), aContainer('side', { restartPolicy: 'Always' })], containers: [aContainer('main'), aContainer('other')] }),
    runtime: { sandboxes: sandboxes.map((ready, index) => ({ id: `s${index}`, attempt: 1 - index, ready, createdAtMs: 1 - index, ips: ['10.0.0.1'], hostNetwork: false, handler: '' })), containers },
    nowMs: 10, inFlight: new Set(inFlight), retryAtMs: new Map(), volumesReady, imagesReady: new Set(images), hashOf: () => '', applied: () => undefined, podHasItsOwn: fits, podMayBeWide: wide, remade: new Set(),
    probes: () => (probe ? { liveness: probe } : {}), startsBefore: () => 0, crashWait: (_container, ended) => ({ untilMs: ended.finishedAtMs + waitMs, delayMs: waitMs }),
    ...(ending ? { termination: { cause: 'deleted' as const, graceSeconds: 30, startedAtMs: 0 } } : {}),
  }));

  it('never does a thing twice at a time', () => {
    fc.assert(fc.property(observation, (seen) => {
      const keys = decide(seen).actions.map(keyOf);
      expect(new Set(keys).size).toBe(keys.length);
      for (const key of keys) expect(seen.inFlight.has(key)).toBe(false);
    }));
  });

  it('starts nothing that runs, nothing that waits, and nothing without image, volumes and sandbox', () => {
    fc.assert(fc.property(observation, (seen) => {
      for (const action of decide(seen).actions) {
        if (action.kind !== 'startContainer') continue;
        const { name } = action.container;
        const running = seen.runtime.containers.find((container) => container.name === name && container.state === 'running' && container.sandboxId === action.sandboxId);
        expect(running).toBeUndefined();
        expect(seen.volumesReady && seen.imagesReady.has(name)).toBe(true);
        expect(seen.runtime.sandboxes[0]).toMatchObject({ id: action.sandboxId, ready: true });
        if (action.last?.state === 'exited') expect(seen.crashWait(action.container, action.last).untilMs).toBeLessThanOrEqual(seen.nowMs);
      }
    }));
  });

  it('never changes the group of the pod and what is in it at a time', () => {
    const resizing = observation.map((seen): PodObservation => ({ ...seen, applied: (id) => (id < 'c' ? { limits: { cpu: '1' } } : {}) }));
    fc.assert(fc.property(resizing, ({ inFlight, ...seen }) => {
      const among = (keys: Iterable<string>): [boolean, boolean] => [[...keys].some((key) => key === 'resize/pod' || key === 'fit-pod'), [...keys].some((key) => key.startsWith('resize/') && key !== 'resize/pod')];
      if (among(inFlight).every((is) => is)) return;
      const begun = decide({ ...seen, inFlight }).actions.map(keyOf);
      expect(among([...inFlight, ...begun])).not.toEqual([true, true]);
    }));
  });

  it('starts nothing while it ends, and is stopped only when nothing is left', () => {
    fc.assert(fc.property(observation.filter((seen) => seen.termination !== undefined), (seen) => {
      const decision = decide(seen);
      for (const { kind } of decision.actions) expect(['killContainer', 'removeContainer', 'stopSandbox']).toContain(kind);
      if (decision.stage !== 'stopped') return;
      expect(seen.runtime.containers.every(({ state }) => state === 'exited') && seen.runtime.sandboxes.every(({ ready }) => !ready)).toBe(true);
    }));
  });
});

describe('Backoff', () => {
  it('doubles from 10 s to 300 s and forgets after ten quiet minutes', () => {
    const backoff = new Backoff();
    let now = 0;
    const delays: number[] = [];
    for (let crash = 0; crash < 8; crash++) {
      const until = backoff.waitUntil('c', now, now);
      delays.push(until === 0 ? 0 : (until - now) / 1000);
      now = Math.max(now, until);
      backoff.next('c', now, now);
    }
    expect(delays).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
    now += 600_001;
    expect(backoff.waitUntil('c', now, now)).toBe(0);
    backoff.next('c', now, now);
    expect(backoff.delay('c')).toBe(10_000);
  });

  it('begins with no more than its maximum, and forgets no sooner for it', () => {
    const backoff = new Backoff(4_000);
    backoff.next('c', 0, 0);
    backoff.next('c', 0, 0);
    expect(backoff.delay('c')).toBe(4_000);
    expect(backoff.waitUntil('c', 599_000, 599_000)).toBe(603_000);
  });

  it.each([[10_000, '10s'], [80_000, '1m20s'], [300_000, '5m0s'], [3_661_000, '1h1m1s']])('%d ms reads %s', (ms, text) => {
    expect(goSeconds(ms)).toBe(text);
  });

  it.each([[308, '308ms'], [1204, '1.204s'], [62_500, '1m2.5s'], [0.2, '1ms']])('%d ms takes %s', (ms, text) => {
    expect(goMilliseconds(ms)).toBe(text);
  });
});

describe('podPhase', () => {
  const running = { running: {} };
  const waiting = { waiting: { reason: 'ContainerCreating' } };
  const ended = (exitCode: number): corev1.ContainerState => ({ terminated: { exitCode } });
  const status = (name: string, state: corev1.ContainerState, lastState: corev1.ContainerState = {}): corev1.ContainerStatus => ({ name, state, lastState, image: '', imageID: '', ready: false, restartCount: 0 });

  it.each<[string, string, corev1.ContainerState[], boolean]>([
    ['Pending', 'Always', [waiting, waiting], false], ['Pending', 'Always', [running, waiting], false], ['Running', 'Always', [running, running], false], ['Running', 'Never', [running, ended(1)], false],
    ['Running', 'Always', [ended(0), ended(0)], false], ['Succeeded', 'OnFailure', [ended(0), ended(0)], false], ['Running', 'OnFailure', [ended(0), ended(1)], false], ['Failed', 'Never', [ended(0), ended(1)], false],
    ['Failed', 'Always', [ended(0), ended(137)], true], ['Succeeded', 'Always', [ended(0), ended(0)], true], ['Failed', 'Always', [waiting, waiting], true],
  ])('%s with policy %s and %j', (phase, restartPolicy, states, isEnded) => {
    const containers = states.map((_, index) => aContainer(`c${index}`));
    expect(podPhase(aPod({ restartPolicy, containers }), [], states.map((state, index) => status(`c${index}`, state)), isEnded)).toBe(phase);
  });

  it('is Running while a container waits to be restarted, and Failed when initialisation fails for good', () => {
    expect(podPhase(aPod(), [], [status('main', waiting, ended(1))], false)).toBe('Running');
    const pod = aPod({ restartPolicy: 'Never', initContainers: [aContainer('init')] });
    expect(podPhase(pod, [status('init', ended(1))], [status('main', waiting)], false)).toBe('Failed');
    // By a rule or policy of its own, whatever the pod's.
    const rule = (action: string): corev1.ContainerRestartRule[] => [{ action, exitCodes: { operator: 'In', values: [42] } }];
    for (const container of [
      aContainer('main', { restartPolicy: 'Always' }),
      aContainer('main', { restartPolicy: 'Never', restartPolicyRules: rule('Restart') }),
      aContainer('main', { restartPolicy: 'Never', restartPolicyRules: rule('RestartAllContainers') }),
    ]) {
      expect([
        podPhase(aPod({ restartPolicy: 'Never', containers: [container] }), [], [status('main', ended(42))], false),
        podPhase(aPod({ restartPolicy: 'Never', containers: [container] }), [], [status('main', waiting, ended(42))], false),
      ]).toEqual(['Running', 'Running']);
    }
    expect(podPhase(aPod({ initContainers: [aContainer('init')] }), [status('init', running)], [status('main', waiting)], false)).toBe('Pending');
  });
});

describe('restart rules', () => {
  const exited = (exitCode: number): ContainerView => ({ exitCode, state: 'exited' }) as ContainerView;

  it('go before the container\'s policy, and that before the pod\'s', () => {
    const container = aContainer('main', { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] });
    expect([0, 1, 42].map((code) => restartsAfterExit(aPod({ restartPolicy: 'Always' }), container, exited(code)))).toEqual([false, false, true]);
  });
});

describe('nextTermination', () => {
  it('begins with a deletion, and only gets shorter', () => {
    const pod = aPod();
    const first = nextTermination(deleted(pod, 60), undefined, undefined, 1000);
    expect(first).toEqual({ cause: 'deleted', graceSeconds: 60, startedAtMs: 1000 });
    expect(nextTermination(deleted(pod, 5), first, undefined, 2000)).toMatchObject({ graceSeconds: 5, startedAtMs: 2000 });
    expect(nextTermination(deleted(pod, 90), first, undefined, 2000)).toMatchObject({ graceSeconds: 60, startedAtMs: 1000 });
    expect(nextTermination(deleted(pod, 0), undefined, undefined, 0)).toMatchObject({ graceSeconds: 1 });
  });
});

describe('admitPod', () => {
  const asking = (requests: Record<string, string>): corev1.Pod => aPod({ containers: [aContainer('main', { resources: { requests } })] });
  const allocatable = { cpu: '2', memory: '1Gi', pods: '2', 'example.com/gpu': '2' };

  it.each<[string, corev1.Pod, corev1.Pod[], string | undefined]>([
    ['room', asking({ cpu: '1' }), [asking({ cpu: '1' })], undefined],
    ['no processor', asking({ cpu: '1500m' }), [asking({ cpu: '1' })], 'Pod was rejected: Node didn\'t have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000'],
    ['no memory', asking({ memory: '2Gi' }), [], 'Pod was rejected: Node didn\'t have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824'],
    ['no place', asking({}), [asking({}), asking({})], 'Pod was rejected: Node didn\'t have enough resource: pods, requested: 1, used: 2, capacity: 2'],
    ['no device', asking({ 'example.com/gpu': '2' }), [asking({ 'example.com/gpu': '1' })], 'Pod was rejected: Node didn\'t have enough resource: example.com/gpu, requested: 2, used: 1, capacity: 2'],
    ['what nobody here counts', asking({ 'example.com/other': '2' }), [], undefined],
  ])('%s', (_what, pod, others, message) => {
    expect(admitPod(pod, others, allocatable)?.message).toBe(message);
  });
});
