import { runtimev1 } from '@navarch/proto';
import { type ContainerRuntime } from '../../runtime';
import { type RuntimeChange, type RuntimeEventSource } from './runtime-event-source';

/** Told of the stream itself. */
export interface CriEventsObserver {
  /** The stream has brought its first event. */
  readonly onConnected: () => void;
  readonly onError: () => void;
  /** An event has come that the runtime saw then, in milliseconds since the epoch. */
  readonly onEvent: (createdAtMs: number) => void;
}

const began: ReadonlySet<runtimev1.ContainerEventType> = new Set([runtimev1.ContainerEventType.CONTAINER_CREATED_EVENT, runtimev1.ContainerEventType.CONTAINER_STARTED_EVENT]);

/** CRI's GetContainerEvents, which runtimes have since containerd 1.7 and CRI-O 1.26. */
export class CriEvents implements RuntimeEventSource {
  readonly name = 'cri';

  constructor(private readonly runtime: Pick<ContainerRuntime, 'containerEvents'>, private readonly observer?: CriEventsObserver) {}

  async *follow(signal: AbortSignal): AsyncGenerator<RuntimeChange> {
    let connected = false;
    try {
      for await (const event of this.runtime.containerEvents(signal)) {
        if (!connected) this.observer?.onConnected();
        connected = true;
        this.observer?.onEvent(Number(event.createdAt / 1_000_000n));
        const podUid = event.podSandboxStatus?.metadata?.uid;
        // What begins was begun by the kubelet itself, which looks at it then.
        if (began.has(event.containerEventType)) continue;
        yield podUid === undefined || podUid === '' ? { id: event.containerId } : { podUid };
      }
    } catch (error) {
      if (!signal.aborted) this.observer?.onError();
      throw error;
    }
  }
}
