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

/** All values of each header, by its name in lower case. */
function valuesByName(rawHeaders: readonly string[]): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = (rawHeaders[at + 1] ?? '').trim();
    const known = found.get(name);
    if (known) known.push(value);
    else found.set(name, [value]);
  }
  return found;
}

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

  authenticate({ peer, headers, rawHeaders = [] }: AuthenticationRequest): User | undefined {
    const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes } = this.options;
    if (peer === undefined || !usernameHeaders.some((header) => headers[header.toLowerCase()] !== undefined) || !this.#isProxy(peer)) return undefined;
    const values = valuesByName(rawHeaders);
    const valuesOf = (header: string): readonly string[] => values.get(header.toLowerCase()) ?? [];
    const firstOf = (names: readonly string[]): string | undefined => names.map((header) => valuesOf(header)[0]).find((value) => value !== undefined && value !== '');
    const [name, uid] = [firstOf(usernameHeaders), firstOf(uidHeaders)];
    if (name === undefined) return undefined;
    const extra: Record<string, string[]> = {};
    for (const prefix of extraHeaderPrefixes)
      for (const [header, all] of values) if (header.startsWith(prefix.toLowerCase())) (extra[unescaped(header.slice(prefix.length))] ??= []).push(...all);
    const groups = groupHeaders.flatMap(valuesOf).filter((group) => group !== '');
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
