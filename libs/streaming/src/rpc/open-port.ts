import { Duplex } from 'node:stream';

import { type nodev1 } from '@navarch/proto';

import { Rendezvous } from '../streams/rendezvous';

const CHUNK_BYTES = 64 * 1024;

/** The client's method of PortForward. */
export type PortForwardCall = (requests: AsyncIterable<nodev1.PortForwardRequest>, options: { readonly signal: AbortSignal }) => AsyncIterable<nodev1.PortForwardResponse>;

/**
 * Opens one connection to a port of a pod through NodeService.PortForward; resolves when it is connected.
 * @throws what the call failed with before that
 */
export async function openPort(call: PortForwardCall, start: nodev1.PortForwardStart, signal?: AbortSignal): Promise<Duplex> {
  const requests = new Rendezvous<nodev1.PortForwardRequest>();
  const abort = new AbortController();
  void requests.put({ input: { $case: 'start', value: start } });
  const cancelled = signal ? AbortSignal.any([signal, abort.signal]) : abort.signal;
  const responses = call(requests, { signal: cancelled })[Symbol.asyncIterator]();
  try {
    const first = await responses.next();
    if (first.done || first.value.output?.$case !== 'connected') throw new Error('the node service did not say that the port is connected');
  } catch (error) {
    requests.end();
    throw error;
  }
  return new RpcConnection(requests, responses, abort);
}

class RpcConnection extends Duplex {
  #reading = false;
  #ended = false;

  constructor(
    private readonly requests: Rendezvous<nodev1.PortForwardRequest>,
    private readonly responses: AsyncIterator<nodev1.PortForwardResponse>,
    private readonly abort: AbortController,
  ) {
    super({ allowHalfOpen: true, readableHighWaterMark: CHUNK_BYTES, writableHighWaterMark: CHUNK_BYTES });
    this.on('error', () => undefined);
  }

  override _read(): void {
    if (this.#reading || this.#ended) return;
    this.#receive().catch((error: unknown) => {
      this.destroy(error as Error);
    });
  }

  override _write(value: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    void this.requests.put({ input: { $case: 'data', value } }).then(() => {
      callback();
    });
  }

  override _final(callback: () => void): void {
    void this.requests.put({ input: { $case: 'closed', value: true } }).then(() => {
      callback();
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.requests.end();
    this.abort.abort();
    callback(error);
  }

  #isReading(): boolean {
    return this.#reading;
  }

  async #receive(): Promise<void> {
    this.#reading = true;
    for (;;) {
      const next = await this.responses.next();
      const output = next.done ? undefined : next.value.output;
      if (output?.$case === 'data') {
        // Whoever takes it may ask for more at once, or later: then reading starts again.
        this.#reading = false;
        if (!this.push(output.value) || this.#isReading()) return;
        this.#reading = true;
      } else if (next.done || output?.$case === 'closed') {
        this.#ended = true;
        this.push(null);
        // The call's end may still tell of a failure.
        if (next.done) return;
      }
    }
  }
}
