import { setMaxListeners } from 'node:events';
import { ApiError, serviceUnavailable, timeout, type Status } from '@navarch/apimachinery';
import { rest, type Clock, type Timer } from '@navarch/clock';
import type { objectv1 } from '@navarch/proto';
import type { ClientLog } from './log';
import type { ObjectTransport, WriteStream } from './object-transport';
import { type UnderWay, UnsentWrites, type WriteOperation } from './unsent-writes';
import { reasonOf } from './waiting';

/** As upstream's server: longest life of a request that is not a watch. */
const TIMEOUT_MS = 60_000;
const SWEEP_MS = 1_000;
const RETRY_MS = { first: 50, last: 2_000 };

interface Item {
  readonly id: bigint;
  readonly operation: WriteOperation;
  readonly background: boolean;
  readonly deadline: number;
  readonly settle: (outcome: { object: Buffer } | { error: Error }) => void;
  /** Answered, given up or aborted. */
  done: boolean;
}

export interface WriteCall {
  readonly signal?: AbortSignal;
  /** Nobody waits for it: it gives way to the others. */
  readonly background?: boolean;
}

export interface WritePipelineDeps {
  readonly transport: Pick<ObjectTransport, 'openWrites'>;
  readonly clock: Clock;
  readonly log: ClientLog;
}

/**
 * All writes of the process on one stream: what is asked for in one turn of the event loop travels in one frame, in the background what may wait.
 * A write is sent at most once. If the stream breaks before its answer, its outcome is unknown and the caller gets a
 * Timeout error; what had not been sent waits for the next stream.
 */
export class WritePipeline {
  readonly #deps: WritePipelineDeps;
  #nextId = 1n;
  readonly #unsent = new UnsentWrites<Item>();
  readonly #sent = new Map<bigint, Item>();
  #backgroundSent = 0;
  #scheduled = false;
  #pumping: Promise<void> | undefined;
  #stream: WriteStream | undefined;
  #sweep: Timer | undefined;
  #stopping = new AbortController();

  constructor(deps: WritePipelineDeps) {
    this.#deps = deps;
    // Every call under way listens to it.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** The answer's object as JSON; rejects with the server's ApiError. */
  write(operation: WriteOperation, { signal, background = false }: WriteCall = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#stopping.signal.aborted) {
        reject(serviceUnavailable('the client has been stopped'));
        return;
      }
      if (signal?.aborted) {
        reject(reasonOf(signal));
        return;
      }
      const abort = (): void => item.settle({ error: signal ? reasonOf(signal) : new Error('aborted') });
      const item: Item = {
        id: this.#nextId++,
        operation,
        background,
        deadline: this.#deps.clock.now() + TIMEOUT_MS,
        done: false,
        settle: (outcome) => {
          if (item.done) return;
          item.done = true;
          if (this.#sent.delete(item.id) && background) this.#backgroundSent--;
          signal?.removeEventListener('abort', abort);
          if ('object' in outcome) resolve(outcome.object);
          else reject(outcome.error);
          // What gave way to it.
          if (!this.#stopping.signal.aborted) this.#schedule();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#unsent.add(item);
      this.#schedule();
      this.#armSweep();
    });
  }

  /** Gives up on everything that is not answered. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('client stopped'));
    this.#sweep?.cancel();
    this.#stream?.close();
    this.#unsent.sweep((item) => item.settle({ error: serviceUnavailable('the client has been stopped') }));
    this.#failSent('the client was stopped');
    await this.#pumping;
  }

  get #underWay(): UnderWay {
    return { background: this.#backgroundSent, others: this.#sent.size - this.#backgroundSent };
  }

  #schedule(): void {
    if (this.#scheduled || this.#pumping !== undefined || !this.#unsent.hasNext(this.#underWay)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pumping = this.#pump()
        .catch((error: unknown) => this.#deps.log.error({ err: error }, 'write pipeline failed'))
        .finally(() => {
          this.#pumping = undefined;
          if (!this.#stopping.signal.aborted) this.#schedule();
        });
    });
  }

  async #pump(): Promise<void> {
    const stopping = (): boolean => this.#stopping.signal.aborted;
    let retryMs = RETRY_MS.first;
    while (this.#unsent.hasNext(this.#underWay) && !stopping()) {
      try {
        const stream = this.#stream ?? (await this.#open());
        retryMs = RETRY_MS.first;
        const frame = this.#unsent.take(this.#underWay);
        if (frame.length === 0) continue;
        await this.#send(stream, frame);
      } catch (error) {
        if (stopping()) return;
        this.#deps.log.debug({ err: error, retryMs }, 'no write stream yet');
        await rest(this.#deps.clock, retryMs, this.#stopping.signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  async #send(stream: WriteStream, frame: readonly Item[]): Promise<void> {
    for (const item of frame) {
      this.#sent.set(item.id, item);
      if (item.background) this.#backgroundSent++;
    }
    try {
      await stream.send({ items: frame.map(({ id, operation }) => ({ id, operation })) });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      for (const item of frame) item.settle({ error: unknownOutcome(why) });
      throw error;
    }
  }

  async #open(): Promise<WriteStream> {
    const stream = await this.#deps.transport.openWrites(this.#stopping.signal);
    this.#stream = stream;
    this.#receive(stream).catch((error: unknown) => this.#deps.log.error({ err: error }, 'write answers failed'));
    return stream;
  }

  async #receive(stream: WriteStream): Promise<void> {
    let why = 'the connection was closed';
    try {
      for await (const { results } of stream.responses) for (const result of results) this.#answer(result);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    this.#stream = undefined;
    this.#failSent(why);
  }

  #answer({ id, outcome }: objectv1.WriteResult): void {
    const item = this.#sent.get(id);
    if (item === undefined) return;
    if (outcome?.$case === 'object') item.settle({ object: outcome.value });
    else item.settle({ error: errorOf(outcome?.value) });
  }

  #failSent(why: string): void {
    for (const item of [...this.#sent.values()]) item.settle({ error: unknownOutcome(why) });
  }

  #armSweep(): void {
    if (this.#sweep !== undefined) return;
    this.#sweep = this.#deps.clock.setTimeout(() => {
      this.#sweep = undefined;
      const now = this.#deps.clock.now();
      for (const item of [...this.#sent.values()]) if (item.deadline <= now) item.settle({ error: timeout('request did not complete within requested timeout') });
      this.#unsent.sweep((item) => { if (item.deadline <= now) item.settle({ error: serviceUnavailable('the apiserver cannot be reached') }); });
      if (this.#sent.size + this.#unsent.length > 0) this.#armSweep();
    }, SWEEP_MS);
  }
}

const unknownOutcome = (why: string): ApiError => timeout(`the outcome of this write is unknown: ${why}`);

function errorOf(status: Buffer | undefined): ApiError {
  if (status === undefined) return timeout('the answer to this write was empty');
  try {
    return ApiError.fromStatus(JSON.parse(status.toString('utf8')) as Status);
  } catch (error) {
    return new ApiError({ code: 500, reason: 'InternalError', message: 'the answer to this write cannot be read', cause: error });
  }
}
