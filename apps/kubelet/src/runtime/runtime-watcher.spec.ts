import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { type RuntimeView } from '../pods/runtime-view';
import { RuntimeUnsupportedError } from '../runtime';
import { FakeRuntime } from '../testing/fake-runtime';
import { CriEvents } from './events/cri-events';
import { type RuntimeChange, type RuntimeEventSource } from './events/runtime-event-source';
import { podUidLabel } from './labels';
import { seenState } from './listed-state';
import { RuntimeWatcher } from './runtime-watcher';

describe('RuntimeWatcher', () => {
  let clock: FakeClock;
  let runtime: FakeRuntime;
  let watcher: RuntimeWatcher;
  let changed: string[];

  beforeEach(() => {
    clock = new FakeClock();
    runtime = new FakeRuntime(clock);
    changed = [];
    watcher = new RuntimeWatcher({ relistMs: 1000, relistWithEventsMs: 60_000 }, { runtime, clock, log: silentLogger, sources: [new CriEvents(runtime)] });
  });
  afterEach(() => watcher.stop());

  const addPod = (uid: string): Promise<string> => runtime.runPodSandbox(runtimev1.PodSandboxConfig.fromPartial({ metadata: { name: uid, namespace: 'default', uid }, labels: { [podUidLabel]: uid } }));

  it('tells of what differs from one list to the next, and of nothing else', async () => {
    await addPod('a');
    const sandbox = await addPod('b');
    await watcher.start((uid) => changed.push(uid));
    expect(changed.splice(0).sort()).toEqual(['a', 'b']);
    await clock.advance(3000);
    expect(changed).toEqual([]);
    await runtime.stopPodSandbox(sandbox);
    await clock.advance(1000);
    expect(changed.splice(0)).toEqual(['b']);
    await runtime.removePodSandbox(sandbox);
    await clock.advance(1000);
    expect([changed, [...watcher.pods.keys()]]).toEqual([['b'], ['a']]);
  });

  it('tells of no pod that was seen meanwhile as the list has it', async () => {
    const sandbox = await addPod('a');
    const view: RuntimeView = { containers: [], sandboxes: [{ id: sandbox, attempt: 0, ready: true, createdAtMs: 0, ips: ['10.0.0.1'], hostNetwork: false, handler: '' }] };
    let seen = seenState(view);
    watcher = new RuntimeWatcher({ relistMs: 1000, relistWithEventsMs: 60_000 }, { runtime, clock, log: silentLogger, sources: [], seen: () => seen });
    await watcher.start((uid) => changed.push(uid));
    expect(changed).toEqual([]);
    await runtime.stopPodSandbox(sandbox);
    await clock.advance(1000);
    expect(changed.splice(0)).toEqual(['a']);
    seen = undefined;
    await runtime.removePodSandbox(sandbox);
    await clock.advance(1000);
    expect(changed).toEqual(['a']);
    // Its addresses are still to come, and no list would say so.
    expect(seenState({ ...view, sandboxes: view.sandboxes.map((one) => ({ ...one, ips: [] })) })).toBeUndefined();
  });

  it('follows the runtime\'s own events and lists rarely while they come', async () => {
    let lists = 0;
    const { listPodSandboxes } = runtime;
    runtime.listPodSandboxes = (...args) => {
      lists++;
      return listPodSandboxes.apply(runtime, args);
    };
    let say: (uid: string) => void = () => undefined;
    let end = (): void => undefined;
    runtime.containerEvents = async function* (): AsyncGenerator<runtimev1.ContainerEventResponse> {
      const waiting: runtimev1.ContainerEventResponse[] = [];
      let over = false;
      let wake = (): void => undefined;
      say = (uid) => {
        waiting.push(runtimev1.ContainerEventResponse.fromPartial({ containerEventType: runtimev1.ContainerEventType.CONTAINER_STOPPED_EVENT, podSandboxStatus: { metadata: { uid } } }));
        wake();
      };
      end = () => {
        over = true;
        wake();
      };
      const going = (): boolean => !over;
      while (going()) {
        yield* waiting.splice(0);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    await watcher.start((uid) => changed.push(uid));
    await clock.settle();
    say('a');
    await clock.settle();
    expect(changed).toEqual(['a']);
    lists = 0;
    await clock.advance(30_000);
    expect(lists).toBe(0);
    end();
    await clock.advance(3000);
    expect(lists).toBe(3);
  });

  it('looks at what has ended and at what was taken away, and not at what the kubelet has begun', async () => {
    const sandbox = await addPod('a');
    const podSandboxStatus = await runtime.podSandboxStatus(sandbox);
    const { CONTAINER_CREATED_EVENT, CONTAINER_STARTED_EVENT, CONTAINER_STOPPED_EVENT, CONTAINER_DELETED_EVENT } = runtimev1.ContainerEventType;
    let told = 0;
    runtime.containerEvents = async function* (): AsyncGenerator<runtimev1.ContainerEventResponse> {
      for (const containerEventType of [CONTAINER_CREATED_EVENT, CONTAINER_STARTED_EVENT, CONTAINER_STOPPED_EVENT, CONTAINER_DELETED_EVENT]) {
        told++;
        yield await Promise.resolve({ containerId: sandbox, containerEventType, createdAt: 0n, podSandboxStatus, containersStatuses: [] });
      }
      await new Promise(() => undefined);
    };
    await watcher.start((uid) => changed.push(uid));
    expect(changed.splice(0)).toEqual(['a']);
    await clock.settle();
    expect([told, changed]).toEqual([4, ['a', 'a']]);
  });

  it('lists rarely too while a source is open that has had nothing to tell, and often once it refuses after all', async () => {
    let lists = 0;
    let refuse: (error: Error) => void = () => undefined;
    const source: RuntimeEventSource = {
      name: 'silent',
      follow: async function* (): AsyncGenerator<RuntimeChange> {
        yield await new Promise<RuntimeChange>((_, reject) => (refuse = reject));
      },
    };
    watcher = new RuntimeWatcher({ relistMs: 1000, relistWithEventsMs: 60_000 }, { runtime, clock, log: silentLogger, sources: [source], onRelist: () => lists++ });
    await watcher.start(() => undefined);
    await clock.advance(1000);
    lists = 0;
    await clock.advance(50_000);
    expect(lists).toBe(0);
    refuse(new RuntimeUnsupportedError('no events'));
    await clock.advance(3000);
    expect(lists).toBe(3);
  });

  describe('told by a source that knows containers only', () => {
    const known = new Map<string, { podUid: string; ended: boolean }>();
    let say: (change: RuntimeChange) => void;
    let lists: number;

    beforeEach(async () => {
      known.clear();
      const source: RuntimeEventSource = {
        name: 'test',
        follow: async function* (signal): AsyncGenerator<RuntimeChange> {
          const waiting: RuntimeChange[] = [];
          let wake = (): void => undefined;
          signal.addEventListener('abort', () => wake());
          say = (change) => {
            waiting.push(change);
            wake();
          };
          while (!signal.aborted) {
            yield* waiting.splice(0);
            await new Promise<void>((resolve) => (wake = resolve));
          }
        },
      };
      watcher = new RuntimeWatcher({ relistMs: 3_600_000, relistWithEventsMs: 3_600_000 }, { runtime, clock, log: silentLogger, sources: [source], onRelist: () => lists++, known: (id) => known.get(id) });
      await watcher.start((uid) => changed.push(uid));
      await clock.settle();
      lists = 0;
    });

    it('asks whoever knows the container whose it is, and lists nothing', async () => {
      known.set('c', { podUid: 'a', ended: true });
      say({ id: 'c' });
      await clock.advance(10_000);
      expect([changed, lists]).toEqual([['a'], 0]);
    });

    it('has nobody look at what was seen to have ended, and looks often again at what it is told of once more', async () => {
      known.set('c', { podUid: 'a', ended: true });
      say({ id: 'c', ended: true });
      await clock.advance(10_000);
      expect(changed).toEqual([]);
      known.set('c', { podUid: 'a', ended: false });
      say({ id: 'c', ended: true });
      await clock.advance(100);
      changed.length = 0;
      say({ id: 'c', ended: true });
      await clock.settle();
      expect(changed.splice(0)).toEqual(['a']);
      await clock.advance(10);
      expect(changed.splice(0)).toEqual(['a']);
      await clock.advance(60_000);
      // One series of looks, not two.
      expect(changed.splice(0)).toHaveLength(7);
    });

    it('lists when nobody knows', async () => {
      await addPod('b');
      say({ id: 'new' });
      await clock.settle();
      expect([changed, lists]).toEqual([['b'], 1]);
    });

    it('has the pod looked at until its end is seen, less and less often, and not for ever', async () => {
      known.set('c', { podUid: 'a', ended: false });
      say({ id: 'c', ended: true });
      await clock.settle();
      expect(changed.splice(0)).toEqual(['a']);
      await clock.advance(10);
      expect(changed.splice(0)).toEqual(['a']);
      await clock.advance(60);
      expect(changed.splice(0)).toEqual(['a', 'a']);
      known.set('c', { podUid: 'a', ended: true });
      await clock.advance(10_000);
      expect(changed).toEqual([]);
      known.set('d', { podUid: 'a', ended: false });
      say({ id: 'd', ended: true });
      await clock.advance(60_000);
      expect(changed.splice(0)).toHaveLength(9);
    });

    it('leaves alone what is taken away meanwhile', async () => {
      known.set('c', { podUid: 'a', ended: false });
      say({ id: 'c', ended: true });
      await clock.settle();
      known.clear();
      await clock.advance(10_000);
      expect([changed, lists]).toEqual([['a'], 0]);
    });
  });

  it('goes on when a list fails', async () => {
    await watcher.start((uid) => changed.push(uid));
    const { listContainers } = runtime;
    runtime.listContainers = () => Promise.reject(new Error('away'));
    await clock.advance(2000);
    runtime.listContainers = listContainers;
    await addPod('a');
    await clock.advance(1000);
    expect(changed).toEqual(['a']);
  });
});
