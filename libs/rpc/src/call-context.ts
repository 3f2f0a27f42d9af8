import { plainAddress } from '@navarch/component-base';
import { type Metadata, type ServerDuplexStream, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';

/** Who a client certificate, signed by the server's CA, says the caller is. */
export interface PeerIdentity {
  /** The common name: a Kubernetes user. */
  readonly name: string;
  /** The organisations: Kubernetes groups. */
  readonly groups: readonly string[];
}

/** What a method may know of its call. */
export interface CallContext {
  /** Aborts when the caller cancels or goes away, the deadline passes, or (streams) the server drains. */
  readonly signal: AbortSignal;
  /** Such as `/navarch.object.v1.ObjectService/Get`. */
  readonly method: string;
  /** Undefined when the caller has no certificate, as on a Unix socket. */
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
    if (this.#peer === null) this.#peer = identityOf(this.#call.getAuthContext().sslPeerCertificate?.subject);
    return this.#peer;
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

/** Reads a certificate's subject; like Go, the last of several common names counts. */
export function identityOf(subject: { CN?: string | string[]; O?: string | string[] } | undefined): PeerIdentity | undefined {
  const name = [subject?.CN ?? []].flat().at(-1);
  return name === undefined || name === '' ? undefined : { name, groups: [subject?.O ?? []].flat() };
}
