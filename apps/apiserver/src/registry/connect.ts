import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { User } from '../pipeline';

/** A request to a subresource that is a conversation with a node or a pod, not an object. Authorised and admitted already. */
export interface ConnectRequest {
  readonly user: User;
  readonly method: string;
  readonly namespace: string;
  /** Of the pod, service or node. */
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource in the path, with its slash: for `proxy`. */
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage | Http2ServerRequest;
  /** For a request that asks for no other protocol. */
  readonly response: ServerResponse | Http2ServerResponse | undefined;
  /** For `Connection: Upgrade`: the bare connection and the first bytes on it; the handler writes the 101 itself. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** Resolves when the conversation is over. What it throws before it has answered is answered as a Status. */
export type ConnectHandler = (connection: ConnectRequest) => Promise<void>;

/** By `<resource>/<subresource>` of the core group: pods/exec, pods/attach, pods/portforward, pods/log, pods/proxy, services/proxy, nodes/proxy. */
export type ConnectHandlers = Readonly<Record<string, ConnectHandler>>;
