import { type ContainerRuntime } from '../../runtime';
import { type RuntimeChange, type RuntimeEventSource } from './runtime-event-source';

/** CRI's GetContainerEvents, which runtimes have since containerd 1.7 and CRI-O 1.26. */
export class CriEvents implements RuntimeEventSource {
  readonly name = 'cri';

  constructor(private readonly runtime: Pick<ContainerRuntime, 'containerEvents'>) {}

  async *follow(signal: AbortSignal): AsyncGenerator<RuntimeChange> {
    for await (const event of this.runtime.containerEvents(signal)) {
      const podUid = event.podSandboxStatus?.metadata?.uid;
      yield podUid === undefined || podUid === '' ? { id: event.containerId } : { podUid };
    }
  }
}
