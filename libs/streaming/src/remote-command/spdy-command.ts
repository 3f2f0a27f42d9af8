import { dialSpdy, type DialOptions } from '../http/dial-upgrade';
import { SpdyConnection } from '../spdy/spdy-connection';
import type { SpdyStream } from '../spdy/spdy-stream';
import { collectText } from '../streams/collect-text';
import { exitOfErrorStream } from './exit-status';
import { hasResize, V1, V2, V3, V4 } from './protocols';
import { formatTerminalSize, type CommandExit, type RemoteCommand, type RemoteCommandStreams, type TerminalSize } from './types';

/** A Status is small; more than this is not one. */
const MAX_ERROR_CHARS = 64 * 1024;

/** A command run by a server that speaks SPDY: a runtime's streaming server, or a kubelet. */
export class SpdyRemoteCommand implements RemoteCommand {
  readonly exited: Promise<CommandExit>;

  private constructor(
    private readonly connection: SpdyConnection,
    error: SpdyStream,
    readonly stdin: SpdyStream | undefined,
    readonly stdout: SpdyStream | undefined,
    readonly stderr: SpdyStream | undefined,
    private readonly resizes: SpdyStream | undefined,
  ) {
    this.exited = this.#awaitExit(error);
  }

  /** Dials and opens the streams. @throws UpgradeFailed, SpdyStreamRefused or the connection's error */
  static async dial(url: URL, streams: RemoteCommandStreams, options: DialOptions = {}): Promise<SpdyRemoteCommand> {
    const { socket, protocol } = await dialSpdy(url, [V4, V3, V2, V1], options);
    const connection = new SpdyConnection(socket, { role: 'client' });
    const open = (kind: string, wanted: boolean): SpdyStream | undefined => (wanted ? connection.openStream(new Map([['streamtype', [kind]]])) : undefined);
    try {
      const error = connection.openStream(new Map([['streamtype', ['error']]]));
      const stdin = open('stdin', streams.stdin);
      const stdout = open('stdout', streams.stdout);
      const stderr = open('stderr', streams.stderr && !streams.tty);
      const resizes = open('resize', streams.tty && hasResize(protocol));
      // What this side only reads it does not end, as upstream's client: a frame that comes after a quick command's end costs us what the
      // server said last, since a failed write ends the reading too.
      await Promise.all([error, stdin, stdout, stderr, resizes].map((stream) => stream?.replied ?? Promise.resolve()));
      return new SpdyRemoteCommand(connection, error, stdin, stdout, stderr, resizes);
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  resize(size: TerminalSize): void {
    // Only the latest matters: while one is under way, a burst is not worth queueing.
    if (this.resizes && !this.resizes.writableNeedDrain) this.resizes.write(formatTerminalSize(size));
  }

  abort(): void {
    this.connection.destroy();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  async #awaitExit(error: SpdyStream): Promise<CommandExit> {
    const [text] = await Promise.all([collectText(error, MAX_ERROR_CHARS), readToEnd(this.stdout), readToEnd(this.stderr)]);
    // Before v4 success is an error stream without a word, closed in order.
    const lost = text === '' && (error.wasReset || this.connection.failure !== undefined);
    this.connection.close();
    return lost ? { code: 1, error: 'connection to the container runtime was lost' } : exitOfErrorStream(text);
  }
}

/** Resolves when whoever reads the stream has seen its end. */
function readToEnd(stream: SpdyStream | undefined): Promise<void> {
  if (!stream || stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}
