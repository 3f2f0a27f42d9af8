import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { coordination, type coordinationv1, type ResourceType } from '@navarch/api';
import { isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { rest, within, type Clock, type Timer } from '@navarch/clock';
import { Gauge, type Registry } from 'prom-client';
import { type Component } from './component';
import { leaseIsHeld, nextLease, releasedLease, type LeaderElectionTimes } from './leader-lease';
import { type Logger } from './logger';

type Lease = coordinationv1.Lease;
type LeaseType = ResourceType<Lease>;

/** What of an ApiClient an election needs. */
export interface LeaseClient {
  get(type: LeaseType, key: { readonly namespace: string; readonly name: string }, options?: { readonly signal?: AbortSignal }): Promise<Lease>;
  create(type: LeaseType, lease: Lease, options?: { readonly signal?: AbortSignal }): Promise<Lease>;
  update(type: LeaseType, lease: Lease, options?: { readonly signal?: AbortSignal }): Promise<Lease>;
}

export interface LeaderElectorOptions extends Partial<LeaderElectionTimes> {
  /** Name of the Lease, such as `kube-scheduler`. */
  readonly name: string;
  readonly namespace?: string;
  /** Who is elected; unique among all candidates. Host name and a UUID unless given. */
  readonly identity?: string;
}

export interface LeaderElectorDeps {
  readonly client: LeaseClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry?: Registry;
  /**
   * The work of a leader: called each time the election is won, ends soon after its signal aborts. Another may lead
   * from when the lease ends, so whatever it writes must stop by then.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Told when `lead` failed while leading; the election then ends. */
  readonly fail: (error: unknown) => void;
  /** Told of the leader each time it changes. */
  readonly onNewLeader?: (identity: string) => void;
}

/** Upstream's defaults. A leader gives up when its last renewal began this long ago, well before the lease ends. */
const TIMES: LeaderElectionTimes = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

/** Competes for a Lease as client-go's tools/leaderelection does, so that upstream's candidates may compete too. */
export class LeaderElector implements Component {
  readonly name = 'leader-elector';
  readonly identity: string;
  readonly #times: LeaderElectionTimes;
  readonly #key: { readonly namespace: string; readonly name: string };
  readonly #stopping = new AbortController();
  readonly #status: Gauge<'name'> | undefined;
  #running: Promise<void> | undefined;
  #observed: Lease | undefined;
  #observedAt = 0;
  #mustRead = false;
  /** On the scale that nobody sets: a clock that is set makes nobody lead longer, nor two lead at once. */
  #leaderUntil = 0;
  #triedAt = 0;
  #reported: string | undefined;

  constructor(
    options: LeaderElectorOptions,
    private readonly deps: LeaderElectorDeps,
  ) {
    this.identity = options.identity ?? `${hostname()}_${randomUUID()}`;
    this.#times = { ...TIMES, ...options };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#times;
    if (leaseDurationMs <= renewDeadlineMs) throw new Error('leaseDuration must be greater than renewDeadline');
    if (renewDeadlineMs <= retryPeriodMs * 1.2) throw new Error('renewDeadline must be greater than retryPeriod*JitterFactor');
    this.#key = { namespace: options.namespace ?? 'kube-system', name: options.name };
    if (deps.registry) {
      this.#status = new Gauge({
        name: 'leader_election_master_status',
        help: 'Whether this process leads (1) or not (0).',
        labelNames: ['name'],
        registers: [deps.registry],
      });
      this.#status.set({ name: options.name }, 0);
    }
  }

  /** Whether this process may act as the leader at this very moment: ask before an act that must not be done twice. */
  get isLeader(): boolean {
    return this.deps.clock.monotonic() < this.#leaderUntil;
  }

  /** Begins to compete; does not wait to be elected. */
  start(): Promise<void> {
    this.#running ??= this.#run().catch((error: unknown) => {
      this.deps.fail(error);
    });
    return Promise.resolve();
  }

  /** Ends the work, then gives the lease up so that another can lead at once. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('leader election stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (await this.#acquire(stopping)) {
      this.deps.log.info({ lease: this.#key, identity: this.identity }, 'became leader');
      this.#status?.set({ name: this.#key.name }, 1);
      try {
        await this.#leadUntilLost(stopping);
      } finally {
        this.#status?.set({ name: this.#key.name }, 0);
        this.deps.log.info({ lease: this.#key, identity: this.identity }, 'stopped leading');
      }
    }
  }

  /** True when elected, false when stopped before. */
  async #acquire(stopping: AbortSignal): Promise<boolean> {
    const { clock } = this.deps;
    while (!stopping.aborted) {
      if (await this.#tryAcquireOrRenew(this.#times.renewDeadlineMs, stopping)) return true;
      const jittered = this.#times.retryPeriodMs * (1 + 1.2 * Math.random());
      await rest(clock, jittered, stopping);
    }
    return false;
  }

  async #leadUntilLost(stopping: AbortSignal): Promise<void> {
    const { clock, lead } = this.deps;
    const lost = new AbortController();
    const finished = new AbortController();
    let watchdog: Timer | undefined;
    const watch = (): void => {
      watchdog?.cancel();
      watchdog = clock.setTimeout(() => lost.abort(new Error('lease was not renewed in time')), this.#leaderUntil - clock.monotonic());
    };
    watch();
    const work = lead(AbortSignal.any([stopping, lost.signal])).finally(() => finished.abort());
    const over = AbortSignal.any([finished.signal, lost.signal]);
    // The lease is renewed until the work has ended, also while stopping.
    const renewing = (async () => {
      while (await this.#pause(over)) {
        if (await this.#tryAcquireOrRenew(this.#leaderUntil - clock.monotonic(), over)) watch();
        else if (!this.#observedSelf()) lost.abort(new Error('lease was taken by another'));
      }
    })();
    try {
      await work;
    } catch (error) {
      if (!stopping.aborted && !lost.signal.aborted) throw error;
    } finally {
      watchdog?.cancel();
      await renewing;
      this.#leaderUntil = 0;
      if (!lost.signal.aborted) await this.#release();
      // Work that ends of its own accord is done: nothing is left to lead.
      if (!lost.signal.aborted && !stopping.aborted) this.#stopping.abort();
    }
  }

  /** From the beginning of one attempt to the next: a leader has what its last one took less time to renew in. */
  async #pause(over: AbortSignal): Promise<boolean> {
    const left = this.#triedAt + this.#times.retryPeriodMs - this.deps.clock.monotonic();
    await rest(this.deps.clock, Math.max(left, 0), over);
    return !over.aborted;
  }

  #observedSelf(): boolean {
    return this.#observed?.spec?.holderIdentity === this.identity;
  }

  /** One attempt of at most `withinMs`; every failure is "not now". */
  async #tryAcquireOrRenew(withinMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.deps;
    const startedAt = clock.monotonic();
    this.#triedAt = startedAt;
    try {
      const written = await within(clock, { timeoutMs: withinMs, signal, reason: () => new Error('lease request took too long') }, (either) => this.#writeLease(either));
      if (!written) return false;
      this.#observe(written);
      // Counted from before the request: when it was applied is not known, only that it was later.
      this.#leaderUntil = startedAt + this.#times.renewDeadlineMs;
      return this.isLeader;
    } catch (error) {
      if (signal.aborted) log.debug({ lease: this.#key }, 'lease request was given up');
      else if (isConflict(error) || isAlreadyExists(error)) log.debug({ lease: this.#key }, 'lease was written by another');
      else log.warn({ err: error, lease: this.#key }, 'lease could not be renewed');
      // What is there now is looked at in the next attempt.
      this.#mustRead = true;
      return false;
    }
  }

  async #writeLease(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, clock } = this.deps;
    const held = this.#observedSelf() && !this.#mustRead ? this.#observed : undefined;
    const current = held ?? (await this.#read(signal));
    if (!current) return client.create(coordination.leases, nextLease(undefined, this.#key, this.identity, clock.now(), this.#times), { signal });
    if (!held) this.#observe(current);
    if (leaseIsHeld(current, this.identity, this.#observedAt, clock.monotonic())) return undefined;
    return client.update(coordination.leases, nextLease(current, this.#key, this.identity, clock.now(), this.#times), { signal });
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.deps.client.get(coordination.leases, this.#key, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Notes what the lease is; by whose clock it was renewed does not matter, only when it was seen to change. */
  #observe(lease: Lease): void {
    if (lease.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observedAt = this.deps.clock.monotonic();
    this.#observed = lease;
    this.#mustRead = false;
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder === this.#reported) return;
    this.#reported = holder;
    if (holder !== '') this.deps.onNewLeader?.(holder);
  }

  async #release(): Promise<void> {
    const { client, clock, log } = this.deps;
    const timeout = new AbortController();
    const timer = clock.setTimeout(() => timeout.abort(new Error('lease request took too long')), this.#times.renewDeadlineMs);
    try {
      // A renewal that was given up may have been applied.
      const current = this.#mustRead ? await this.#read(timeout.signal) : this.#observed;
      if (current?.spec?.holderIdentity !== this.identity) return;
      this.#observe(await client.update(coordination.leases, releasedLease(current, clock.now()), { signal: timeout.signal }));
    } catch (error) {
      log.warn({ err: error, lease: this.#key }, 'lease could not be released; others wait until it ends');
    } finally {
      timer.cancel();
    }
  }
}
