import { FakeClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { FakeRuntime } from '../../testing/fake-runtime';
import { podUidLabel } from '../labels';
import { CriEvents } from './cri-events';
import { describeWatching, type WatchedRuntime } from '../../testing/watching-contract';

/** The fake runtime, with events where a test wants them. */
class EventfulRuntime implements WatchedRuntime {
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime(this.clock);
  readonly #sandboxes = new Map<string, string>();
  readonly #waiting: runtimev1.ContainerEventResponse[] = [];
  #wake = (): void => undefined;

  constructor(events: boolean) {
    if (events) this.runtime.containerEvents = (signal: AbortSignal) => this.#events(signal);
  }

  async startPod(uid: string): Promise<string> {
    const labels = { [podUidLabel]: uid };
    const sandbox = await this.runtime.runPodSandbox(runtimev1.PodSandboxConfig.fromPartial({ metadata: { name: uid, uid }, labels }));
    this.#sandboxes.set(uid, sandbox);
    const id = await this.runtime.createContainer(sandbox, runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, labels }));
    await this.runtime.startContainer(id);
    return id;
  }

  end(id: string): Promise<void> {
    this.runtime.exit(id, 0);
    const uid = this.runtime.containers.get(id)?.status.labels[podUidLabel] ?? '';
    this.#waiting.push(runtimev1.ContainerEventResponse.fromPartial({ containerId: id, containerEventType: runtimev1.ContainerEventType.CONTAINER_STOPPED_EVENT, podSandboxStatus: { metadata: { uid } } }));
    this.#wake();
    return Promise.resolve();
  }

  exec(id: string): Promise<void> {
    return this.runtime.execSync(id, ['true'], 1).then(() => undefined);
  }

  async removePod(uid: string): Promise<void> {
    const sandbox = this.#sandboxes.get(uid) ?? '';
    await this.runtime.stopPodSandbox(sandbox);
    await this.runtime.removePodSandbox(sandbox);
  }

  pass(): Promise<void> {
    return this.clock.advance(100);
  }

  async *#events(signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      yield* this.#waiting.splice(0);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const eventful = new EventfulRuntime(true);
const silent = new EventfulRuntime(false);

describeWatching('its own events', () => {
  // So rarely listed, that only an event can tell.
  return Promise.resolve({ runtime: eventful, clock: eventful.clock, sources: [new CriEvents(eventful.runtime)], relistMs: 3_600_000 });
});

describeWatching('lists alone', () => {
  return Promise.resolve({ runtime: silent, clock: silent.clock, sources: [new CriEvents(silent.runtime)], relistMs: 1_000 });
});
