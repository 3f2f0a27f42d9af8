import { type Clock } from '@navarch/clock';

/** Grants a lease of a time to live in seconds and answers its id. */
export type GrantLease = (ttlSeconds: number) => Promise<string>;

interface SharedLease {
  readonly id: Promise<string>;
  readonly grantedAt: number;
  keys: number;
}

/** A lease serves the keys of as long as a twentieth of their time, and of a minute at most (upstream's lease manager), and no more than may expire in one revision (rules 1.4, 4.1). */
const shareSecondsOf = (ttlSeconds: number): number => Math.min(60, Math.floor(ttlSeconds / 20));
const keysPerLease = 1000;

/** Leases shared by keys of the same time to live: one per key would cost a transaction and a timer each. */
export class LeasePool {
  readonly #leases = new Map<number, SharedLease>();

  constructor(private readonly grant: GrantLease, private readonly clock: Clock) {}

  /** A lease for one key that keeps it at least ttlSeconds, and at most a twentieth of that longer, which is no more than a minute. */
  leaseFor(ttlSeconds: number): Promise<string> {
    const shared = this.#leases.get(ttlSeconds);
    const shareSeconds = shareSecondsOf(ttlSeconds);
    if (shared && shared.keys < keysPerLease && this.clock.now() - shared.grantedAt < shareSeconds * 1000) {
      shared.keys++;
      return shared.id;
    }
    const lease: SharedLease = { id: this.grant(ttlSeconds + shareSeconds), grantedAt: this.clock.now(), keys: 1 };
    this.#leases.set(ttlSeconds, lease);
    lease.id.catch(() => this.#drop(ttlSeconds, lease));
    return lease.id;
  }

  /** Shares none of the leases any more: the store did not know one of them. */
  forget(): void {
    this.#leases.clear();
  }

  #drop(ttlSeconds: number, lease: SharedLease): void {
    if (this.#leases.get(ttlSeconds) === lease) this.#leases.delete(ttlSeconds);
  }
}
