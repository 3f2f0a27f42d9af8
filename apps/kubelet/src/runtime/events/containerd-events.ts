import { credentials, type ServiceError, status as Code } from '@grpc/grpc-js';
import { containerdeventsv1 } from '@navarch/proto';
import { RuntimeUnsupportedError } from '../../runtime';
import { type RuntimeChange, type RuntimeEventSource } from './runtime-event-source';

/**
 * Ends in the CRI plug-in's namespace; what begins was begun by the kubelet itself. A task is deleted by the CRI plug-in after
 * its end, and just before it says so itself.
 */
const filters = ['namespace==k8s.io,topic~="^/tasks/(exit|oom|delete)$"'];

/** containerd's own event stream, on the socket that serves the CRI: for containerd 1.6, whose CRI has no events. */
export class ContainerdEvents implements RuntimeEventSource {
  readonly name = 'containerd';

  constructor(private readonly endpoint: string) {}

  async *follow(signal: AbortSignal): AsyncGenerator<RuntimeChange> {
    const client = new containerdeventsv1.EventsClient(this.endpoint, credentials.createInsecure(), { 'grpc.default_authority': 'localhost', 'grpc.use_local_subchannel_pool': 1 });
    const call = client.subscribe({ filters });
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const changes = new Queue();
    call.on('data', ({ event, topic }: containerdeventsv1.Envelope) => {
      if (!event) return;
      const { containerId, id } = (topic === '/tasks/delete' ? containerdeventsv1.TaskDelete : containerdeventsv1.TaskEvent).decode(event.value);
      // A command that was run in a container, such as a probe, is none of ours.
      if (id === '' || id === containerId) changes.push({ id: containerId, ended: true });
    });
    call.on('error', (error) => changes.end(signal.aborted ? undefined : asError(error)));
    call.on('end', () => changes.end());
    try {
      yield* changes.read();
    } finally {
      signal.removeEventListener('abort', cancel);
      changes.end();
      call.cancel();
      client.close();
    }
  }
}

/** Changes in their order, to be read as they come. */
class Queue {
  readonly #waiting: RuntimeChange[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  push(change: RuntimeChange): void {
    if (this.#ended) return;
    this.#waiting.push(change);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<RuntimeChange> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) continue;
      if (this.#over()) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#error) throw this.#error;
  }

  #over(): boolean {
    return this.#ended;
  }
}

function asError(error: ServiceError | Error): Error {
  return 'code' in error && error.code === Code.UNIMPLEMENTED ? new RuntimeUnsupportedError(error.message) : error;
}
