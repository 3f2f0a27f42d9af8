import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';

import { RstStatus } from '../spdy/frames';
import { SpdyConnection } from '../spdy/spdy-connection';
import type { SpdyStream } from '../spdy/spdy-stream';
import { statusOfExit, textOfExit } from './exit-status';
import { hasResize, sendsStatus } from './protocols';
import { readTerminalSizes } from './read-terminal-sizes';
import { ResizeEvents, type CommandExit, type RemoteCommandSession, type RemoteCommandStreams, type TerminalSize } from './types';

/** How long a client may take to open all the streams it has announced; upstream's value. */
const STREAM_CREATION_TIMEOUT_MS = 30_000;

type Kind = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** A client's exec or attach over SPDY, once all its streams are there. */
export class SpdyRemoteCommandSession implements RemoteCommandSession {
  readonly stdin: SpdyStream | undefined;
  readonly stdout: SpdyStream | undefined;
  readonly stderr: SpdyStream | undefined;
  readonly #abort = new AbortController();
  readonly #resizes = new ResizeEvents();

  private constructor(
    private readonly connection: SpdyConnection,
    private readonly opened: ReadonlyMap<Kind, SpdyStream>,
    private readonly protocol: string,
    readonly streams: RemoteCommandStreams,
  ) {
    this.stdin = opened.get('stdin');
    this.stdout = opened.get('stdout');
    this.stderr = opened.get('stderr');
    const resize = opened.get('resize');
    if (resize) {
      readTerminalSizes(resize, (size) => {
        this.#resizes.push(size);
      });
    }
    void connection.closed.then(() => {
      this.#abort.abort();
    });
  }

  /** Waits for the client's streams. @throws Error when they do not all come */
  static async accept(transport: Duplex, protocol: string, streams: RemoteCommandStreams): Promise<SpdyRemoteCommandSession> {
    const expected = new Set<Kind>(['error']);
    if (streams.stdin) expected.add('stdin');
    if (streams.stdout) expected.add('stdout');
    if (streams.stderr) expected.add('stderr');
    if (streams.tty && hasResize(protocol)) expected.add('resize');
    const connection = new SpdyConnection(transport, { role: 'server', maxStreams: 16 });
    const opened = new Map<Kind, SpdyStream>();
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error('timed out waiting for client to create streams'));
        }, STREAM_CREATION_TIMEOUT_MS);
        connection.onStream = (stream) => {
          const kind = stream.header('streamType') as Kind;
          if (!expected.has(kind) || opened.has(kind)) {
            stream.reset(RstStatus.REFUSED_STREAM);
            return;
          }
          opened.set(kind, stream);
          stream.reply();
          if (opened.size < expected.size) return;
          clearTimeout(timer);
          resolve();
        };
        void connection.closed.then(() => {
          clearTimeout(timer);
          reject(new Error('client went away before it had created its streams', { cause: connection.failure }));
        });
      });
    } catch (error) {
      connection.close();
      throw error;
    }
    return new SpdyRemoteCommandSession(connection, opened, protocol, streams);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  onResize(listener: (size: TerminalSize) => void): void {
    this.#resizes.listen(listener);
  }

  async exit(result: CommandExit): Promise<void> {
    await Promise.all([endAndFlush(this.stdout), endAndFlush(this.stderr)]);
    const error = this.opened.get('error');
    error?.end(sendsStatus(this.protocol) ? JSON.stringify(statusOfExit(result)) : textOfExit(result));
    await endAndFlush(error);
    this.connection.close();
  }
}

/** Resolves when all has gone to the peer, or can no longer. */
async function endAndFlush(stream: SpdyStream | undefined): Promise<void> {
  if (!stream || stream.destroyed) return;
  if (!stream.writableEnded) stream.end();
  await finished(stream, { readable: false }).catch((error: unknown) => {
    if (!stream.destroyed) throw error;
  });
}
