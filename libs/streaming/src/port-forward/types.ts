import type { Duplex } from 'node:stream';

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
/** SPDY inside the messages of a WebSocket: kubectl from 1.31 on. */
export const TUNNEL_PROTOCOL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;

/** One TCP connection that a client wants to a port of the pod. */
export interface PortForwardConnection {
  readonly port: number;
  /** Its bytes; `end` closes one direction. */
  readonly data: Duplex;
  /** Tells the client why it failed, and closes it. */
  fail(message: string): void;
  /** Tells the client that the port has said all, and no failure will follow; the client may go on. Absent where that cannot be told. */
  targetEnded?(): void;
  /** Tells the client that all went well. */
  finish(): void;
}

/** A client's port-forward, whatever carries it. */
export interface PortForwardSession {
  /** Connections as the client opens them, until it goes away. */
  onConnection(listener: (connection: PortForwardConnection) => void): void;
  /** Resolves when the client has gone. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Opens a connection to a port of the pod. */
export type PortDialer = (port: number, signal: AbortSignal) => Promise<Duplex>;
