import { createHash, X509Certificate } from 'node:crypto';
import { unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { AuthenticationRequest, Authenticator, TlsPeer, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import type { Authorities } from './authorities';
import { isIssuedBy } from './issued-by';

/** The user is the verified client certificate's CN, the groups are its Os. */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509';
  /** One connection's peer is the same value for all of its requests, so its user is made once. */
  readonly #users = new WeakMap<TlsPeer, KnownPeer>();

  /** `authorities`: whose certificates are users'; absent where the TLS layer trusts nobody else. `shown` is told of each request until when its certificate is valid. */
  constructor(private readonly clock: Pick<Clock, 'now'>, private readonly authorities?: Authorities, private readonly shown?: (validToMs: number) => void) {}

  authenticate({ peer }: AuthenticationRequest): User | undefined {
    if (peer === undefined || peer.commonName === '') return undefined;
    let known = this.#users.get(peer);
    const by = this.authorities?.certificates;
    if (known === undefined || known.by !== by) {
      // A front proxy proves what it is by another authority, and is no user.
      if (by && peer.certificate.length > 0 && !isIssuedBy(peer, by)) return undefined;
      known = { by, user: userOfPeer(peer), validToMs: validToMs(peer) };
      this.#users.set(peer, known);
    }
    if (known.validToMs !== undefined) {
      // It was good when the connection was made, which may be long ago.
      if (known.validToMs <= this.clock.now()) throw unauthorized();
      this.shown?.(known.validToMs);
    }
    return known.user;
  }
}

interface KnownPeer {
  /** Who was believed when it was looked at. */
  readonly by: readonly X509Certificate[] | undefined;
  readonly user: User;
  readonly validToMs: number | undefined;
}

/** The gRPC door knows the subject only, and lets nobody in whose certificate has expired. */
function validToMs({ certificate }: TlsPeer): number | undefined {
  return certificate.length === 0 ? undefined : Date.parse(new X509Certificate(certificate).validTo);
}

function userOfPeer({ commonName, organizations, certificate }: TlsPeer): User {
  // The gRPC door knows the subject only.
  const id = certificate.length === 0 ? undefined : `X509SHA256=${createHash('sha256').update(certificate).digest('hex')}`;
  return {
    name: commonName,
    groups: [...organizations, GROUP_AUTHENTICATED],
    ...(id === undefined ? {} : { extra: { 'authentication.kubernetes.io/credential-id': [id] } }),
  };
}
