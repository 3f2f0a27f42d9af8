import { X509Certificate } from 'node:crypto';
import type { AuthenticationRequest, Authenticator, TlsPeer, User } from '../../pipeline';
import { certificatesOf } from './certificate-bundle';

export interface RequestHeaderOptions {
  /** `--requestheader-client-ca-file`, its content. */
  readonly clientCa: string;
  /** `--requestheader-allowed-names`: common names of front proxies; empty for any. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

type Headers = AuthenticationRequest['headers'];

const valuesOf = (headers: Headers, name: string): string[] => [headers[name.toLowerCase()] ?? []].flat();

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}

/** Users as a front proxy names them in headers, if its certificate proves it to be one. */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly name = 'requestheader';
  readonly #authorities: readonly X509Certificate[];
  readonly #proxies = new WeakMap<TlsPeer, boolean>();

  constructor(private readonly options: RequestHeaderOptions) {
    this.#authorities = certificatesOf(options.clientCa);
  }

  authenticate({ peer, headers }: AuthenticationRequest): User | undefined {
    const name = this.options.usernameHeaders.flatMap((header) => valuesOf(headers, header)).find((value) => value !== '');
    if (name === undefined || peer === undefined || !this.#isProxy(peer)) return undefined;
    const uid = this.options.uidHeaders.flatMap((header) => valuesOf(headers, header)).find((value) => value !== '');
    const extra: Record<string, string[]> = {};
    for (const prefix of this.options.extraHeaderPrefixes)
      for (const header of Object.keys(headers)) if (header.startsWith(prefix.toLowerCase())) extra[unescaped(header.slice(prefix.length))] = valuesOf(headers, header);
    const groups = this.options.groupHeaders.flatMap((header) => valuesOf(headers, header)).flatMap((value) => value.split(',').map((group) => group.trim()));
    return { name, groups, ...(uid === undefined ? {} : { uid }), ...(Object.keys(extra).length > 0 ? { extra } : {}) };
  }

  #isProxy(peer: TlsPeer): boolean {
    let known = this.#proxies.get(peer);
    if (known === undefined) {
      const { allowedNames } = this.options;
      known = isIssuedBy(peer, this.#authorities) && (allowedNames.length === 0 || allowedNames.includes(peer.commonName));
      this.#proxies.set(peer, known);
    }
    return known;
  }
}

/** Whether one of these authorities has signed a peer's certificate. The TLS layer has checked everything else. */
export function isIssuedBy({ certificate }: TlsPeer, authorities: readonly X509Certificate[]): boolean {
  if (certificate.length === 0) return false;
  const own = new X509Certificate(certificate);
  return authorities.some((authority) => own.checkIssued(authority) && own.verify(authority.publicKey));
}
