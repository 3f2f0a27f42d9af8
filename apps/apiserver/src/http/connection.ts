import type { TLSSocket } from 'node:tls';
import type { TlsPeer } from '../pipeline';
import { tlsPeerOf } from './tls-peer';

/** A client's TLS connection: who is there, and whether they still are. */
export class Connection {
  readonly peer: TlsPeer | undefined;
  /** Requests under way: told when the client is gone. */
  private readonly listeners = new Set<() => void>();

  constructor(socket: TLSSocket) {
    this.peer = tlsPeerOf(socket);
    const over = (): void => {
      for (const tell of this.listeners) tell();
      this.listeners.clear();
    };
    // Who says no more waits for no answer either, as for upstream's server: `close` comes turns later.
    for (const event of ['end', 'error', 'close']) socket.on(event, over);
  }

  /** Tells of the client's end, until what is answered is called. */
  onGone(tell: () => void): () => void {
    this.listeners.add(tell);
    return () => this.listeners.delete(tell);
  }
}
