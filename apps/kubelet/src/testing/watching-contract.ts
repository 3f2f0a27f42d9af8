import { type Clock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { type ContainerRuntime } from '../runtime';
import { RuntimeWatcher } from '../runtime/runtime-watcher';
import { type RuntimeEventSource } from '../runtime/events/runtime-event-source';

/** A runtime, and a hand that makes things happen in it. */
export interface WatchedRuntime {
  readonly runtime: ContainerRuntime;
  /** Runs a pod with one container; resolves with the container's id when it runs. */
  startPod(uid: string): Promise<string>;
  /** Ends a container as if by itself. */
  end(containerId: string): Promise<void>;
  /** Runs a command in a container to its end. */
  exec(containerId: string): Promise<void>;
  removePod(uid: string): Promise<void>;
  /** Time goes on, where it does not by itself. */
  pass?(): Promise<void>;
}

/** What the kubelet relies on, whichever source tells of changes. */
export function describeWatching(
  source: string,
  open: () => Promise<{ readonly runtime: WatchedRuntime; readonly clock: Clock; readonly sources: readonly RuntimeEventSource[]; readonly relistMs: number }>,
): void {
  describe(`watching a runtime by ${source}`, () => {
    let watched: WatchedRuntime;
    let watcher: RuntimeWatcher;
    const changed: string[] = [];
    let uids = 0;

    const watch = async (): Promise<void> => {
      const { runtime, clock, sources, relistMs } = await open();
      watched = runtime;
      changed.length = 0;
      watcher = new RuntimeWatcher({ relistMs, relistWithEventsMs: relistMs * 10 }, { runtime: runtime.runtime, clock, log: silentLogger, sources });
      await watcher.start((uid) => changed.push(uid));
    };
    const told = async (uid: string): Promise<void> => {
      for (const end = performance.now() + 20_000; performance.now() < end;) {
        if (changed.includes(uid)) return;
        await (watched.pass?.() ?? new Promise((resolve) => setTimeout(resolve, 10)));
      }
      throw new Error(`nothing was told of ${uid}`);
    };
    const newUid = (): string => `${source}-${++uids}`;

    afterEach(() => watcher.stop());

    it('tells of the pod whose container has ended', async () => {
      await watch();
      const uid = newUid();
      const id = await watched.startPod(uid);
      await watcher.relist();
      changed.length = 0;
      await watched.end(id);
      await told(uid);
      await watched.removePod(uid);
    });

    it('tells of a pod that came after the last list', async () => {
      await watch();
      const uid = newUid();
      const id = await watched.startPod(uid);
      await watched.end(id);
      await told(uid);
      await watched.removePod(uid);
    });

    it('tells of a pod that was here before, once, and of nobody for a command that was run in it', async () => {
      await watch();
      const uid = newUid();
      const id = await watched.startPod(uid);
      await watcher.stop();
      await watch();
      expect(changed).toContain(uid);
      changed.length = 0;
      await watched.exec(id);
      await watcher.relist();
      expect(changed).not.toContain(uid);
      await watched.removePod(uid);
    });
  });
}
