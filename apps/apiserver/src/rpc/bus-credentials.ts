import type { BusCredentials } from '@navarch/bus';
import type { Clock } from '@navarch/clock';
import { signBusUser } from '@navarch/pki';
import { createHash } from 'node:crypto';
import type { BusRights } from './bus-rights';

/** Rules 3.8. */
const LIFETIME_MS = 60 * 60 * 1000;

export interface BusCredentialMintOptions {
  readonly accountSeed: string;
  readonly servers: readonly string[];
}

/** Signs NATS user JWTs. The seed of the account stays here. */
export class BusCredentialMint {
  constructor(
    private readonly options: BusCredentialMintOptions,
    private readonly clock: Clock,
  ) {}

  async mint(name: string, publicKey: string, rights: BusRights): Promise<BusCredentials> {
    const expiresAt = this.clock.now() + LIFETIME_MS;
    // An inbox of its own: nobody else's answers can be read.
    const inboxPrefix = `_INBOX_${createHash('sha256').update(publicKey).digest('hex').slice(0, 32)}`;
    const jwt = await signBusUser(this.options.accountSeed, {
      name, publicKey, expiresAt, publish: rights.publish, subscribe: [...rights.subscribe, `${inboxPrefix}.>`],
    });
    return { jwt, expiresUnixMs: expiresAt, servers: this.options.servers, inboxPrefix };
  }
}
