import { createHash } from 'node:crypto';
import type { AuthenticationRequest, Authenticator, TlsPeer, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';

/** The user is the verified client certificate's CN, the groups are its Os. */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509';
  /** One connection's peer is the same value for all of its requests, so its user is made once. */
  readonly #users = new WeakMap<TlsPeer, User>();

  authenticate({ peer }: AuthenticationRequest): User | undefined {
    if (peer === undefined || peer.commonName === '') return undefined;
    let user = this.#users.get(peer);
    if (user === undefined) {
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
