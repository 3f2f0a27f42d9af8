import { finished } from 'node:stream/promises';

import type { WebSocket } from 'ws';

import { WebSocketChannels, type ChannelStream } from '../websocket/channels';
import { statusOfExit, textOfExit } from './exit-status';
import { Channel, sendsStatus, V1_BASE64, V4_BASE64, V5 } from './protocols';
import { readTerminalSizes } from './read-terminal-sizes';
import { ResizeEvents, type CommandExit, type RemoteCommandSession, type RemoteCommandStreams, type TerminalSize } from './types';

/** A client's exec or attach over a WebSocket. */
export class WebSocketRemoteCommandSession implements RemoteCommandSession {
  readonly stdin: ChannelStream | undefined;
  readonly stdout: ChannelStream | undefined;
  readonly stderr: ChannelStream | undefined;
  readonly #channels: WebSocketChannels;
  readonly #error: ChannelStream;
  readonly #abort = new AbortController();
  readonly #resizes = new ResizeEvents();

  constructor(
    socket: WebSocket,
    private readonly protocol: string,
    readonly streams: RemoteCommandStreams,
  ) {
    const channels = new WebSocketChannels(socket, { base64: protocol === V4_BASE64 || protocol === V1_BASE64, closeMessages: protocol === V5 ? 'received' : 'none' });
    this.#channels = channels;
    this.#error = channels.channel(Channel.error);
    if (streams.stdin) this.stdin = channels.channel(Channel.stdin);
    if (streams.stdout) this.stdout = channels.channel(Channel.stdout);
    if (streams.stderr) this.stderr = channels.channel(Channel.stderr);
    readTerminalSizes(channels.channel(Channel.resize), (size) => {
      this.#resizes.push(size);
    });
    // Clients that only read take the first message as the sign that they are connected.
    const lowest = streams.stdout ? Channel.stdout : streams.stderr ? Channel.stderr : Channel.error;
    channels.send(lowest, Buffer.alloc(0), () => undefined);
    void channels.closed.then(() => {
      this.#abort.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  onResize(listener: (size: TerminalSize) => void): void {
    this.#resizes.listen(listener);
  }

  async exit(result: CommandExit): Promise<void> {
    await Promise.all([flush(this.stdout), flush(this.stderr)]);
    const text = sendsStatus(this.protocol) ? JSON.stringify(statusOfExit(result)) : textOfExit(result);
    if (text !== '') {
      await new Promise<void>((resolve) => {
        this.#channels.send(Channel.error, Buffer.from(text), resolve);
      });
    }
    this.#error.destroy();
    this.#channels.close();
  }
}

/** Resolves when all has gone to the peer, or can no longer. */
async function flush(stream: ChannelStream | undefined): Promise<void> {
  if (!stream || stream.destroyed) return;
  if (!stream.writableEnded) stream.end();
  await finished(stream, { readable: false }).catch((error: unknown) => {
    if (!stream.destroyed) throw error;
  });
}
