import { createHash, type X509Certificate } from 'node:crypto';
import type { AuthenticationRequest, Authenticator, TlsPeer, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import { isIssuedBy } from './request-header';

/** The user is the verified client certificate's CN, the groups are its Os. */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509';
  /** One connection's peer is the same value for all of its requests, so its user is made once. */
  readonly #users = new WeakMap<TlsPeer, User>();

  /** `authorities`: whose certificates are users'; absent where the TLS layer trusts nobody else. */
  constructor(private readonly authorities?: readonly X509Certificate[]) {}

  authenticate({ peer }: AuthenticationRequest): User | undefined {
    if (peer === undefined || peer.commonName === '') return undefined;
    let user = this.#users.get(peer);
    if (user === undefined) {
      // A front proxy proves what it is by another authority, and is no user.
      if (this.authorities && peer.certificate.length > 0 && !isIssuedBy(peer, this.authorities)) return undefined;
      user = userOfPeer(peer);
      this.#users.set(peer, user);
    }
    return user;
  }
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
