import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';

/** The user is the verified client certificate's CN, the groups are its Os. */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'x509';
  /** One connection's peer is the same value for all of its requests, so its user is made once. */
  readonly #users = new WeakMap<object, User>();

  authenticate({ peer }: AuthenticationRequest): User | undefined {
    if (peer === undefined || peer.commonName === '') return undefined;
    let user = this.#users.get(peer);
    if (user === undefined) {
      user = { name: peer.commonName, groups: [...peer.organizations, GROUP_AUTHENTICATED] };
      this.#users.set(peer, user);
    }
    return user;
  }
}
