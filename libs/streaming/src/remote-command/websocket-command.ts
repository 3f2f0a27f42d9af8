import { WebSocket } from 'ws';

import { UpgradeFailed, type DialOptions } from '../http/dial-upgrade';
import { collectText } from '../streams/collect-text';
import { WebSocketChannels, type ChannelStream } from '../websocket/channels';
import { exitOfErrorStream } from './exit-status';
import { Channel, V4, V5 } from './protocols';
import { formatTerminalSize, type CommandExit, type RemoteCommand, type RemoteCommandStreams, type TerminalSize } from './types';

const MAX_ERROR_CHARS = 64 * 1024;

/** A command run by a server that speaks WebSocket. With v4 the end of stdin cannot be told; v5 servers hear of it. */
export class WebSocketRemoteCommand implements RemoteCommand {
  readonly stdin: ChannelStream | undefined;
  readonly stdout: ChannelStream | undefined;
  readonly stderr: ChannelStream | undefined;
  readonly exited: Promise<CommandExit>;
  readonly #channels: WebSocketChannels;

  private constructor(socket: WebSocket, streams: RemoteCommandStreams) {
    const channels = new WebSocketChannels(socket, { base64: false, closeMessages: socket.protocol === V5 ? 'sent' : 'none' });
    this.#channels = channels;
    if (streams.stdin) this.stdin = channels.channel(Channel.stdin);
    if (streams.stdout) this.stdout = channels.channel(Channel.stdout);
    if (streams.stderr && !streams.tty) this.stderr = channels.channel(Channel.stderr);
    this.exited = this.#awaitExit(channels.channel(Channel.error));
  }

  /** Dials. @throws UpgradeFailed or the connection's error */
  static dial(url: URL, streams: RemoteCommandStreams, options: DialOptions = {}): Promise<WebSocketRemoteCommand> {
    const address = new URL(url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, [V5, V4], { perMessageDeflate: false, ...(options.headers ? { headers: options.headers } : {}), ...options.tls });
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        socket.terminate();
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      socket.once('open', () => {
        options.signal?.removeEventListener('abort', onAbort);
        resolve(new WebSocketRemoteCommand(socket, streams));
      });
      socket.once('unexpected-response', (_request, response) => {
        void collectText(response, MAX_ERROR_CHARS).then((body) => {
          reject(new UpgradeFailed(response.statusCode ?? 0, body));
          socket.terminate();
        });
      });
      socket.on('error', reject);
    });
  }

  resize(size: TerminalSize): void {
    this.#channels.send(Channel.resize, Buffer.from(formatTerminalSize(size)), () => undefined);
  }

  abort(): void {
    this.#channels.terminate();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  async #awaitExit(error: ChannelStream): Promise<CommandExit> {
    const ended = (stream: ChannelStream | undefined): Promise<void> =>
      new Promise((resolve) => {
        if (!stream) resolve();
        stream?.once('end', resolve);
        stream?.once('close', resolve);
      });
    const [text] = await Promise.all([collectText(error, MAX_ERROR_CHARS), ended(this.stdout), ended(this.stderr)]);
    // Both protocols end with a Status.
    return text === '' ? { code: 1, error: 'connection to the server was lost' } : exitOfErrorStream(text);
  }
}
