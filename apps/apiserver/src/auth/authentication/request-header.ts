import { X509Certificate } from 'node:crypto';
import { unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { AuthenticationRequest, Authenticator, TlsPeer, User } from '../../pipeline';
import { unescaped } from '../../pipeline/unescaped';
import type { Authorities } from './authorities';
import { isIssuedBy } from './issued-by';

export interface RequestHeaderOptions {
  /** `--requestheader-client-ca-file`. */
  readonly authorities: Authorities;
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

/** What is known of a peer. */
interface KnownPeer {
  /** Who was believed when it was looked at. */
  readonly by: readonly X509Certificate[];
  readonly isProxy: boolean;
  readonly validToMs: number;
}

/** Users as a front proxy names them in headers, if its certificate proves it to be one. */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly name = 'requestheader';
  /** One connection's peer is the same value for all of its requests, so its certificate is read once. */
  readonly #peers = new WeakMap<TlsPeer, KnownPeer>();

  /** As they are found in a request: looked for in every one. */
  readonly #names: readonly string[];

  constructor(private readonly options: RequestHeaderOptions, private readonly clock: Pick<Clock, 'now'>) {
    this.#names = options.usernameHeaders.map((header) => header.toLowerCase());
  }

  authenticate({ peer, headers, rawHeaders = [] }: AuthenticationRequest): User | undefined {
    const { usernameHeaders, uidHeaders, groupHeaders } = this.options;
    if (peer === undefined || !this.#names.some((header) => headers[header] !== undefined) || !this.#isProxy(peer)) return undefined;
    const values = valuesByName(rawHeaders);
    const valuesOf = (header: string): readonly string[] => values.get(header.toLowerCase()) ?? [];
    const firstOf = (names: readonly string[]): string | undefined => names.map((header) => valuesOf(header)[0]).find((value) => value !== undefined && value !== '');
    const [name, uid] = [firstOf(usernameHeaders), firstOf(uidHeaders)];
    if (name === undefined) return undefined;
    const extra = this.#extraOf(values);
    const groups = groupHeaders.flatMap(valuesOf).filter((group) => group !== '');
    return { name, groups, ...(uid === undefined ? {} : { uid }), ...(extra.size > 0 ? { extra: Object.fromEntries(extra) } : {}) };
  }

  /** A Map, since a client may call a key like what every object has: `constructor`, `__proto__`. */
  #extraOf(values: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
    const extra = new Map<string, readonly string[]>();
    for (const prefix of this.options.extraHeaderPrefixes)
      for (const [header, all] of values) {
        if (!header.startsWith(prefix.toLowerCase())) continue;
        const key = unescaped(header.slice(prefix.length));
        extra.set(key, [...(extra.get(key) ?? []), ...all]);
      }
    return extra;
  }

  /** @throws unauthorized for one that was a proxy until its certificate expired */
  #isProxy(peer: TlsPeer): boolean {
    let known = this.#peers.get(peer);
    if (known?.by !== this.options.authorities.certificates) {
      known = this.#read(peer);
      this.#peers.set(peer, known);
    }
    // It was good when the connection was made, which may be long ago.
    if (known.isProxy && known.validToMs <= this.clock.now()) throw unauthorized();
    return known.isProxy;
  }

  #read(peer: TlsPeer): KnownPeer {
    const { allowedNames, authorities: { certificates: by } } = this.options;
    const isProxy = isIssuedBy(peer, by) && (allowedNames.length === 0 || allowedNames.includes(peer.commonName));
    return { by, isProxy, validToMs: isProxy ? Date.parse(new X509Certificate(peer.certificate).validTo) : 0 };
  }
}
