import type { User } from './user';

/** The client certificate of a connection, if its chain was verified against the client CA. */
export interface TlsPeer {
  /** CN of the subject. */
  readonly commonName: string;
  /** O of the subject. */
  readonly organizations: readonly string[];
  /** The certificate in DER, for extensions and fingerprints. */
  readonly certificate: Buffer;
  /** Certificates that the client sent along, in DER: they lead from an authority to its own. */
  readonly intermediates?: readonly Buffer[];
}

/** Where authenticators note what they have seen, for those who sent the request and for the audit log. */
export interface RequestNotes {
  /** A text for a `Warning` header. */
  warn(text: string): void;
  /** Of the audit event. */
  annotate(key: string, value: string): void;
}

/** What authentication may look at. One connection's `peer` is the same value for all of its requests. */
export interface AuthenticationRequest {
  readonly peer: TlsPeer | undefined;
  /** Of an HTTP request: anonymous ones may be served at some paths only. */
  readonly path?: string;
  /** `Authorization` header or gRPC metadata, if sent. */
  readonly authorization: string | undefined;
  /** Lower-case name to value; `Sec-WebSocket-Protocol` carries bearer tokens of browsers. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The same as they came, name and value in turn, of an HTTP request: what Node joins cannot be told from a value with a comma. */
  readonly rawHeaders?: readonly string[];
  /** Absent where nobody reads them. */
  readonly notes?: RequestNotes;
}

/**
 * Finds out who asks. `undefined`: these are not credentials of my kind, ask the next one. Throws `unauthorized` when they are,
 * but wrong. Answer synchronously where no I/O is needed: this is on the path of every request.
 */
export interface Authenticator {
  readonly name: string;
  authenticate(request: AuthenticationRequest): User | undefined | Promise<User | undefined>;
}
