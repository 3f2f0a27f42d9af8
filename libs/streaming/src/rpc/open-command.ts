import { PassThrough, Writable } from 'node:stream';

import type { CommandExit, RemoteCommand, TerminalSize } from '../remote-command/types';
import { Rendezvous } from '../streams/rendezvous';
import { writeAndDrain } from '../streams/write-and-drain';
import type { CommandInput, CommandOutput, CommandStart } from './command-messages';

const CHUNK_BYTES = 64 * 1024;

/** The client's method of Exec or Attach. */
export type CommandCall<S> = (requests: AsyncIterable<CommandInput<S>>, options: { readonly signal: AbortSignal }) => AsyncIterable<CommandOutput>;

/**
 * Runs a command through NodeService.Exec or Attach; resolves when its streams are open.
 * @throws what the call failed with before that
 */
export async function openCommand<S extends CommandStart>(call: CommandCall<S>, start: S, signal?: AbortSignal): Promise<RemoteCommand> {
  const command = new RpcCommand<S>(start);
  await command.open(call, start, signal);
  return command;
}

class RpcCommand<S extends CommandStart> implements RemoteCommand {
  readonly stdin: Writable | undefined;
  readonly stdout: PassThrough | undefined;
  readonly stderr: PassThrough | undefined;
  exited: Promise<CommandExit> = Promise.resolve({ code: 1, error: 'not started' });
  readonly #requests = new Rendezvous<CommandInput<S>>();
  readonly #abort = new AbortController();
  #nextSize: TerminalSize | undefined;
  #resizing = false;

  constructor(streams: CommandStart) {
    const output = (wanted: boolean): PassThrough | undefined => (wanted ? new PassThrough({ highWaterMark: CHUNK_BYTES }).on('error', () => undefined) : undefined);
    this.stdout = output(streams.stdout);
    this.stderr = output(streams.stderr);
    if (streams.stdin) this.stdin = this.#createStdin();
  }

  async open(call: CommandCall<S>, start: S, signal?: AbortSignal): Promise<void> {
    const onAbort = (): void => {
      this.abort();
    };
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    void this.#requests.put({ input: { $case: 'start', value: start } });
    const responses = call(this.#requests, { signal: this.#abort.signal })[Symbol.asyncIterator]();
    try {
      const first = await responses.next();
      if (first.done || first.value.output?.$case !== 'started') throw new Error('the node service did not say that the command was started');
    } catch (error) {
      this.#requests.end();
      throw error;
    }
    this.exited = this.#receive(responses).finally(() => {
      signal?.removeEventListener('abort', onAbort);
    });
  }

  resize(size: TerminalSize): void {
    this.#nextSize = size;
    if (!this.#resizing) void this.#sendSizes();
  }

  abort(): void {
    this.#requests.end();
    this.#abort.abort();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  /** Of a burst of sizes only the first and the last are sent. */
  async #sendSizes(): Promise<void> {
    this.#resizing = true;
    for (let size = this.#nextSize; size; size = this.#nextSize) {
      this.#nextSize = undefined;
      await this.#requests.put({ input: { $case: 'resize', value: { ...size } } });
    }
    this.#resizing = false;
  }

  #createStdin(): Writable {
    return new Writable({
      highWaterMark: CHUNK_BYTES,
      write: (value: Buffer, _encoding, callback) => {
        void this.#requests.put({ input: { $case: 'stdin', value } }).then(() => {
          callback();
        });
      },
      final: (callback) => {
        void this.#requests.put({ input: { $case: 'stdinClosed', value: true } });
        callback();
      },
    });
  }

  async #receive(responses: AsyncIterator<CommandOutput>): Promise<CommandExit> {
    let exit: CommandExit = { code: 1, error: 'connection to the node was lost' };
    try {
      for (let next = await responses.next(); !next.done; next = await responses.next()) {
        const { output } = next.value;
        if (output?.$case === 'stdout' && this.stdout) await writeAndDrain(this.stdout, output.value);
        else if (output?.$case === 'stderr' && this.stderr) await writeAndDrain(this.stderr, output.value);
        else if (output?.$case === 'exit') exit = output.value.error === '' ? { code: output.value.code } : { code: output.value.code || 1, error: output.value.error };
      }
    } catch (error) {
      exit = { code: 1, error: error instanceof Error ? error.message : 'connection to the node was lost' };
    }
    this.#requests.end();
    await Promise.all([drained(this.stdout), drained(this.stderr)]);
    return exit;
  }
}

/** Ends an output and resolves when it has been read. */
function drained(output: PassThrough | undefined): Promise<void> {
  if (!output) return Promise.resolve();
  output.end();
  if (output.readableEnded || output.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    output.once('end', resolve);
    output.once('close', resolve);
  });
}
