import { rest, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { errorText } from '../error-text';
import { type CsiNodeObject } from './csi-node';

export interface CsiNodeStartDeps {
  readonly csiNode: Pick<CsiNodeObject, 'ensure'>;
  /** Whether the Node, which owns the CSINode, is in the API. */
  readonly nodeIsKnown: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

const retryMs = { first: 100, last: 60_000 };

/** Sees to it that the node has a CSINode before any driver comes, as upstream's kubelet does: who looks there is told that there is none. */
export class CsiNodeStart {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly deps: CsiNodeStartDeps) {}

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the kubelet is stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { csiNode, nodeIsKnown, clock, log } = this.deps;
    const { signal } = this.#stop;
    for (let waitMs = retryMs.first; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMs.last)) {
      try {
        if (nodeIsKnown()) {
          await csiNode.ensure();
          return;
        }
      } catch (error) {
        log.info({ err: errorText(error) }, 'CSINode is not initialized yet');
      }
      await rest(clock, waitMs, signal);
    }
  }
}
