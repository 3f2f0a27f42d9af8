import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { acceptSpdyUpgrade, headerList, negotiateSpdyProtocol, UpgradeRefused, upgradeKind } from '../http/upgrade';
import type { PendingUpgrade } from '../remote-command/accept';
import { V4, V4_BASE64 } from '../remote-command/protocols';
import { acceptWebSocket, negotiateWebSocketProtocol } from '../websocket/websocket-server';
import { WebSocketTunnel } from '../websocket/websocket-tunnel';
import { SpdyPortForwardSession } from './spdy-session';
import { PORT_FORWARD_PROTOCOL, TUNNEL_PROTOCOL, type PortForwardSession } from './types';
import { WebSocketPortForwardSession } from './websocket-session';

/** Ports of the query, comma-separated or repeated, under the name that the door uses: `ports`, or a kubelet's `port`. */
function portsOf(query: URLSearchParams, name: string): number[] {
  const texts = query.getAll(name).flatMap((value) => value.split(','));
  if (texts.length === 0) throw new UpgradeRefused(400, `query parameter "${name}" is required`);
  return texts.map((text) => {
    if (!/^\d+$/.test(text) || Number(text) > 65535) throw new UpgradeRefused(400, `unable to parse "${text}" as a port`);
    if (Number(text) < 1) throw new UpgradeRefused(400, `port "${text}" must be > 0`);
    return Number(text);
  });
}

/**
 * Settles how a client's port-forward will be carried, without answering yet.
 * @throws UpgradeRefused when it is no upgrade request or no protocol suits both
 */
export function negotiatePortForward(request: IncomingMessage, socket: Duplex, head: Buffer, query: URLSearchParams, portParameter: 'ports' | 'port' = 'ports'): PendingUpgrade<PortForwardSession> {
  const kind = upgradeKind(request);
  if (kind === 'spdy') {
    const protocol = negotiateSpdyProtocol(request, [PORT_FORWARD_PROTOCOL]);
    return {
      protocol,
      accept: () => {
        acceptSpdyUpgrade(socket, protocol);
        if (head.length > 0) socket.unshift(head);
        return Promise.resolve(new SpdyPortForwardSession(socket));
      },
    };
  }
  if (kind !== 'websocket') throw new UpgradeRefused(400, 'Upgrade request required');
  if (headerList(request, 'sec-websocket-protocol').includes(TUNNEL_PROTOCOL)) {
    return {
      protocol: TUNNEL_PROTOCOL,
      accept: () => acceptWebSocket(request, socket, head, TUNNEL_PROTOCOL, (accepted) => new SpdyPortForwardSession(new WebSocketTunnel(accepted))),
    };
  }
  const protocol = negotiateWebSocketProtocol(request, [V4, V4_BASE64, '']);
  const ports = portsOf(query, portParameter);
  return {
    protocol,
    accept: () => acceptWebSocket(request, socket, head, protocol, (accepted) => new WebSocketPortForwardSession(accepted, ports, protocol === V4_BASE64)),
  };
}
