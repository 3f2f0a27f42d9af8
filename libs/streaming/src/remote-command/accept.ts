import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { parseBoolean } from '@navarch/apimachinery';

import { acceptSpdyUpgrade, negotiateSpdyProtocol, UpgradeRefused, upgradeKind } from '../http/upgrade';
import { acceptWebSocket, negotiateWebSocketProtocol } from '../websocket/websocket-server';
import { SPDY_COMMAND_PROTOCOLS, WEBSOCKET_COMMAND_PROTOCOLS } from './protocols';
import { SpdyRemoteCommandSession } from './spdy-session';
import type { RemoteCommandSession, RemoteCommandStreams } from './types';
import { WebSocketRemoteCommandSession } from './websocket-session';

/**
 * Reads which streams a request of exec or attach wants.
 * @throws UpgradeRefused (400) when it wants none
 */
export function remoteCommandStreams(query: URLSearchParams): RemoteCommandStreams {
  const flag = (name: string): boolean => parseBoolean(query.get(name)) ?? false;
  const tty = flag('tty');
  // A terminal has one output.
  const streams = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty, tty };
  if (!streams.stdin && !streams.stdout && !streams.stderr) throw new UpgradeRefused(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return streams;
}

/** A request whose protocol is settled: it can still be refused over HTTP, or be upgraded. */
export interface PendingUpgrade<S> {
  readonly protocol: string;
  /** Upgrades the connection. @throws Error when the client does not do its part */
  accept(): Promise<S>;
}

/**
 * Settles how a client's exec or attach will be carried, without answering yet.
 * @throws UpgradeRefused when it is no upgrade request or no protocol suits both
 */
export function negotiateRemoteCommand(request: IncomingMessage, socket: Duplex, head: Buffer, streams: RemoteCommandStreams): PendingUpgrade<RemoteCommandSession> {
  switch (upgradeKind(request)) {
    case 'spdy': {
      const protocol = negotiateSpdyProtocol(request, SPDY_COMMAND_PROTOCOLS);
      return {
        protocol,
        accept: () => {
          acceptSpdyUpgrade(socket, protocol);
          if (head.length > 0) socket.unshift(head);
          return SpdyRemoteCommandSession.accept(socket, protocol, streams);
        },
      };
    }
    case 'websocket': {
      const protocol = negotiateWebSocketProtocol(request, WEBSOCKET_COMMAND_PROTOCOLS);
      return {
        protocol,
        accept: () => acceptWebSocket(request, socket, head, protocol, (accepted) => new WebSocketRemoteCommandSession(accepted, protocol, streams)),
      };
    }
    default:
      throw new UpgradeRefused(400, 'Upgrade request required');
  }
}
