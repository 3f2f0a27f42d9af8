import { core, type corev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { type ApiClient, RemoteApiClient } from '@navarch/client';
import { SimulatedTransport } from '@navarch/client/testing';
import { FakeClock } from '@navarch/clock';
import { aPod } from '../testing/pod-bench';
import { NodeApi } from '../testing/node-api';
import { isOwnNews, podStatusPatch } from './status-patch';
import { StatusWriter } from './status-writer';

describe('StatusWriter', () => {
  const clock = new FakeClock();
  let api: NodeApi;
  let writer: StatusWriter;
  let pod: corev1.Pod;
  let phases: [before: string | undefined, now: string | undefined][];

  beforeEach(() => {
    api = new NodeApi(clock);
    const client = new RemoteApiClient({}, { transport: new SimulatedTransport(api), clock, log: silentLogger });
    phases = [];
    writer = new StatusWriter({ client, clock, log: silentLogger, onStatus: (before, now) => phases.push([before.phase, now.phase]) });
    const status = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }, { type: 'example.org/gate', status: 'False' }] };
    const given: corev1.Pod = { ...aPod(), status };
    pod = api.create(core.pods, 'default', given);
  });

  const stored = (): corev1.PodStatus | undefined => api.find(core.pods, 'default', 'web')?.status;
  const condition = (type: string, status: string, more: Partial<corev1.PodCondition> = {}): corev1.PodCondition => ({ type, status, ...more });

  it('tells its own echo from what others say of a pod', () => {
    const status = { ...pod.status, phase: 'Running', podIP: '10.0.0.1', conditions: [...pod.status?.conditions ?? [], condition('Ready', 'True')] };
    const of = { labels: { app: 'web' }, annotations: { by: 'hand' } };
    const known: corev1.Pod = { ...pod, metadata: { ...pod.metadata, ...of } };
    const echo: corev1.Pod = { ...pod, metadata: { ...known.metadata, resourceVersion: '99', managedFields: [{ manager: 'kubelet' }] }, status };
    expect(isOwnNews(known, echo)).toBe(true);
    const others: corev1.Pod[] = [
      { ...echo, metadata: { ...echo.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      { ...echo, metadata: { ...echo.metadata, labels: { of: 'others' } } },
      // An empty value is one.
      { ...echo, metadata: { ...echo.metadata, labels: { ...of.labels, canary: '' } } },
      { ...echo, metadata: { ...echo.metadata, annotations: { ...of.annotations, canary: '' } } },
      { ...echo, spec: { containers: [], activeDeadlineSeconds: 1 } },
      { ...echo, status: { ...status, conditions: [condition('PodScheduled', 'True'), condition('example.org/gate', 'True')] } },
      { ...echo, status: { ...status, conditions: [...status.conditions, condition('DisruptionTarget', 'True')] } },
      { ...echo, status: { ...status, resourceClaimStatuses: [{ name: 'claim' }] } },
    ];
    expect(others.map((other) => isOwnNews(known, other))).toEqual(others.map(() => false));
  });

  it('writes what changed, takes reasons away, and leaves the conditions of others alone', async () => {
    writer.set(pod, { phase: 'Pending', conditions: [condition('Ready', 'False', { reason: 'ContainersNotReady', message: 'no' }), condition('example.org/gate', 'False')] });
    await writer.flush(pod.metadata.uid ?? '');
    api.patch(core.pods, 'default', 'web', 'status', { status: { conditions: [{ type: 'example.org/gate', status: 'True' }] } });
    writer.set(pod, { phase: 'Running', podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }], conditions: [condition('Ready', 'True'), condition('PodScheduled', 'True', { observedGeneration: 1 }), condition('example.org/gate', 'False')] });
    await writer.flush(pod.metadata.uid ?? '');
    expect(stored()).toMatchObject({ phase: 'Running', podIP: '10.0.0.2' });
    expect(phases).toEqual([['Pending', 'Pending'], ['Pending', 'Running']]);
    expect(stored()?.conditions).toEqual(expect.arrayContaining([{ type: 'PodScheduled', status: 'True', observedGeneration: 1 }, { type: 'example.org/gate', status: 'True' }, { type: 'Ready', status: 'True' }]));
  });

  it('replaces an address that is gone', async () => {
    for (const ip of ['10.0.0.2', '10.0.0.3']) writer.set(pod, { podIPs: [{ ip }] });
    await writer.flush(pod.metadata.uid ?? '');
    writer.set(pod, { podIPs: [{ ip: '10.0.0.4' }] });
    await writer.flush(pod.metadata.uid ?? '');
    expect(stored()?.podIPs).toEqual([{ ip: '10.0.0.4' }]);
  });

  it('replaces the addresses of a node that has come again with others, and keeps their order', async () => {
    const written = async (...ips: [string, ...string[]]): Promise<unknown> => {
      writer.set(pod, { hostIP: ips[0], hostIPs: ips.map((ip) => ({ ip })) });
      await writer.flush(pod.metadata.uid ?? '');
      return stored();
    };
    for (const ips of [['192.0.2.1', '2001:db8::1'], ['192.0.2.2', '2001:db8::1'], ['192.0.2.3']] as [string, ...string[]][]) expect(await written(...ips)).toMatchObject({ hostIP: ips[0], hostIPs: ips.map((ip) => ({ ip })) });
  });

  it('writes many changes in a row as few, and nothing twice', async () => {
    for (const phase of ['Pending', 'Running', 'Pending', 'Running']) writer.set(pod, { phase });
    await writer.flush(pod.metadata.uid ?? '');
    expect(stored()?.phase).toBe('Running');
    const writes = api.statusWrites.get('web') ?? 0;
    expect(writes).toBeLessThanOrEqual(2);
    writer.set(pod, { phase: 'Running' });
    await writer.flush(pod.metadata.uid ?? '');
    expect(api.statusWrites.get('web')).toBe(writes);
  });

  describe('of a pod that has only begun', () => {
    const waiting = (reason: string): corev1.PodStatus => ({ phase: 'Pending', containerStatuses: [{ name: 'main', image: 'a', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason } } }] });
    const shown = (): string | undefined => stored()?.containerStatuses?.[0]?.state?.waiting?.reason;

    it('waits a moment for what comes of it, and is not written then', async () => {
      writer.set(pod, waiting('ContainerCreating'));
      await clock.advance(100);
      writer.set(pod, { ...waiting('ContainerCreating'), podIP: '10.0.0.2' });
      await writer.flush(pod.metadata.uid ?? '');
      expect([stored()?.podIP, api.statusWrites.get('web')]).toEqual(['10.0.0.2', 1]);
    });

    it('is written when nothing comes of it, and when everything has to be', async () => {
      writer.set(pod, waiting('ContainerCreating'));
      await clock.advance(100);
      expect(shown()).toBeUndefined();
      await clock.advance(100);
      expect(shown()).toBe('ContainerCreating');
      writer.set(pod, waiting('PodInitializing'));
      await writer.flush(pod.metadata.uid ?? '');
      expect(shown()).toBe('PodInitializing');
    });

    it('waits for a second while what others have come to is being written', async () => {
      const written: string[] = [];
      const slow = { patch: (_type: unknown, { name }: { readonly name: string }) => (written.push(name), new Promise(() => undefined)) } as unknown as ApiClient;
      const busy = new StatusWriter({ client: slow, clock, log: silentLogger });
      busy.set({ ...pod, metadata: { ...pod.metadata, name: 'other', uid: 'other' } }, { phase: 'Running' });
      busy.set(pod, waiting('ContainerCreating'));
      await clock.advance(900);
      expect(written).toEqual(['other']);
      await clock.advance(100);
      expect(written).toEqual(['other', 'web']);
    });

    it('is written at once when something is in the way', async () => {
      writer.set(pod, waiting('ContainerCreating'));
      writer.set(pod, waiting('CreateContainerConfigError'));
      await clock.advance(0);
      expect(shown()).toBe('CreateContainerConfigError');
    });
  });

  it('never writes to another pod of the same name', async () => {
    api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 0 });
    api.create(core.pods, 'default', aPod());
    writer.set(pod, { phase: 'Failed' });
    await writer.flush(pod.metadata.uid ?? '');
    expect(stored()?.phase).toBe('Pending');
  });
});

describe('podStatusPatch', () => {
  it.each(['Ready', 'AllContainersRestarting', 'DisruptionTarget'])('changes %s, which is the kubelet\'s own', (type) => {
    expect(podStatusPatch({ conditions: [{ type, status: 'False' }] }, { conditions: [{ type, status: 'True' }] })).toEqual({ conditions: [{ type, status: 'True' }] });
  });

  it('is nothing when only order and emptiness differ', () => {
    const from: corev1.PodStatus = { containerStatuses: [{ image: 'a', imageID: '', name: 'c', ready: true, restartCount: 0, lastState: {} }], podIPs: [{ ip: 'x' }] };
    const to: corev1.PodStatus = { podIPs: [{ ip: 'x' }], containerStatuses: [{ name: 'c', image: 'a', imageID: '', lastState: {}, restartCount: 0, ready: true, volumeMounts: [] }] };
    expect(podStatusPatch(from, to)).toBeUndefined();
  });
});
