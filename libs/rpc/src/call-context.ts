import { plainAddress } from '@navarch/component-base';
import { status, type Metadata, type ServerDuplexStream, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { RpcError } from './rpc-error';

/** Who a client certificate, signed by the server's CA, says the caller is. */
export interface PeerIdentity {
  /** The common name: a Kubernetes user. */
  readonly name: string;
  /** The organisations: Kubernetes groups. */
  readonly groups: readonly string[];
}

/** Of a certificate; several values of one attribute come as a list. */
interface Subject {
  readonly CN?: string | string[];
  readonly O?: string | string[];
}

/** What a method may know of its call. */
export interface CallContext {
  /** Aborts when the caller cancels or goes away, the deadline passes, or (streams) the server drains. */
  readonly signal: AbortSignal;
  /** Such as `/navarch.object.v1.ObjectService/Get`. */
  readonly method: string;
  /** Undefined when the caller has no certificate, as on a Unix socket. Throws UNAUTHENTICATED for one that has expired since it connected. */
  readonly peer: PeerIdentity | undefined;
  /** With its port; an IPv4 one as IPv4 writes it. */
  readonly peerAddress: string;
  /** Milliseconds since the epoch; Infinity when the caller set none. */
  readonly deadline: number;
  /** A request header's first value. */
  header(name: string): string | undefined;
}

export type ServerCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** The context of a grpc-js call. The identity is read when first asked for: parsing a certificate costs. */
export class GrpcCallContext implements CallContext {
  readonly #call: ServerCall;
  #peer: PeerIdentity | undefined | null = null;

  constructor(
    call: ServerCall,
    readonly signal: AbortSignal,
  ) {
    this.#call = call;
  }

  get method(): string {
    return this.#call.getPath();
  }

  get peer(): PeerIdentity | undefined {
    if (this.#peer === null) this.#peer = peerOf(this.#authContext().sslPeerCertificate, Date.now());
    return this.#peer;
  }

  /** grpc-js asks the socket, which of a caller that has gone meanwhile knows nothing: that is no fault of ours. */
  #authContext(): ReturnType<ServerCall['getAuthContext']> {
    try {
      return this.#call.getAuthContext();
    } catch (error) {
      throw new RpcError(status.UNAVAILABLE, 'the caller is gone', { cause: error });
    }
  }

  get peerAddress(): string {
    return plainAddress(this.#call.getPeer());
  }

  get deadline(): number {
    const deadline = this.#call.getDeadline();
    return deadline instanceof Date ? deadline.getTime() : deadline;
  }

  header(name: string): string | undefined {
    const metadata: Metadata = this.#call.metadata;
    return metadata.get(name)[0]?.toString();
  }
}

/** @throws for a certificate that was good when the connection was made, and has expired since */
export function peerOf(certificate: { readonly subject: Subject; readonly valid_to: string } | undefined, nowMs: number): PeerIdentity | undefined {
  if (certificate && Date.parse(certificate.valid_to) <= nowMs) throw new RpcError(status.UNAUTHENTICATED, 'x509: certificate has expired or is not yet valid');
  return identityOf(certificate?.subject);
}

/** Reads a certificate's subject; like Go, the last of several common names counts. */
function identityOf(subject: Subject | undefined): PeerIdentity | undefined {
  const name = [subject?.CN ?? []].flat().at(-1);
  return name === undefined || name === '' ? undefined : { name, groups: [subject?.O ?? []].flat() };
}
