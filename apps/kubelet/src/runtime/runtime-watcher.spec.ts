import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { FakeRuntime } from '../testing/fake-runtime';
import { CriEvents } from './events/cri-events';
import { podUidLabel } from './labels';
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
        waiting.push(runtimev1.ContainerEventResponse.fromPartial({ podSandboxStatus: { metadata: { uid } } }));
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
