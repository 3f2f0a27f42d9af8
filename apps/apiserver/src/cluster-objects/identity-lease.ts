import { coordination, type coordinationv1 } from '@navarch/api';
import { formatMicroTime, isAlreadyExists, isConflict, isNotFound, parseTime } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { randomUUID } from 'node:crypto';
import type { ObjectReader, ObjectWriter } from '../pipeline';

type Lease = coordinationv1.Lease;

const NAMESPACE = 'kube-system';
const IDENTITY = 'apiserver.kubernetes.io/identity';
const COMPONENT = 'kube-apiserver';
// Upstream's (pkg/controlplane/apiserver/server.go).
const DURATION_SECONDS = 3600;
const RENEW_MS = 10_000;
const COLLECT_MS = 3600_000;

/** A Lease that does not say until when it holds is over as well. */
export function isExpired({ spec }: Lease, nowMs: number): boolean {
  const renewed = spec?.renewTime === undefined ? undefined : parseTime(spec.renewTime);
  return renewed === undefined || spec?.leaseDurationSeconds === undefined || renewed + spec.leaseDurationSeconds * 1000 < nowMs;
}

export interface IdentityLeaseOptions {
  /** The name of this server among all of its cluster, and of its Lease. */
  readonly id: string;
  readonly hostname: string;
}

export interface IdentityLeaseDeps {
  readonly reader: Pick<ObjectReader, 'list'>;
  readonly writer: Pick<ObjectWriter, 'create' | 'delete' | 'get' | 'update'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Says by a Lease that this server is there, and takes away those of servers that have not said so for long. */
export class IdentityLease implements Component {
  readonly name = 'identity-lease';
  readonly #holder: string;
  readonly #stopping = new AbortController();
  #collectedAt: number | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly options: IdentityLeaseOptions,
    private readonly deps: IdentityLeaseDeps,
  ) {
    this.#holder = `${options.id}_${randomUUID()}`;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    // That of an earlier process on this host: its holder is gone.
    await this.#attempt(() => this.#deleteOwn(() => true));
    await this.#attempt(() => this.#renew());
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = undefined;
    await this.#attempt(() => this.#deleteOwn(({ spec }) => spec?.holderIdentity === this.#holder));
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await this.#attempt(() => this.#collect());
      await rest(this.deps.clock, RENEW_MS, signal);
      if (signal.aborted) return;
      await this.#attempt(() => this.#renew());
    }
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      // Another server may have been faster, or etcd is away: the next round finds out.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) this.deps.log.warn({ err: error }, 'identity lease not looked after, trying again');
    }
  }

  async #renew(): Promise<void> {
    const { writer, clock } = this.deps;
    const { id, hostname } = this.options;
    const present = await writer.get(coordination.leases, NAMESPACE, id);
    const labels = { ...present?.metadata.labels, [IDENTITY]: COMPONENT, 'kubernetes.io/hostname': hostname };
    const spec = { ...(present?.spec ?? { holderIdentity: this.#holder }), leaseDurationSeconds: DURATION_SECONDS, renewTime: formatMicroTime(clock.now()) };
    if (present) await writer.update(coordination.leases, { ...present, metadata: { ...present.metadata, labels }, spec });
    else await writer.create(coordination.leases, { metadata: { name: id, namespace: NAMESPACE, labels }, spec });
  }

  async #deleteOwn(isOwn: (lease: Lease) => boolean): Promise<void> {
    const { writer } = this.deps;
    const present = await writer.get(coordination.leases, NAMESPACE, this.options.id);
    if (present && isOwn(present)) await this.#delete(present);
  }

  /** Now and then, as every server does. */
  async #collect(): Promise<void> {
    const { reader, writer, clock } = this.deps;
    if (this.#collectedAt !== undefined && clock.now() - this.#collectedAt < COLLECT_MS) return;
    this.#collectedAt = clock.now();
    const expired = reader.list(coordination.leases, NAMESPACE).filter((lease) => lease.metadata.labels?.[IDENTITY] === COMPONENT && isExpired(lease, clock.now()));
    for (const { metadata: { name = '' } } of expired) {
      const fresh = await writer.get(coordination.leases, NAMESPACE, name);
      if (fresh && isExpired(fresh, clock.now())) await this.#delete(fresh);
    }
  }

  async #delete({ metadata: { name = '', uid } }: Lease): Promise<void> {
    await this.deps.writer.delete(coordination.leases, NAMESPACE, name, ...(uid === undefined ? [] : [{ uid }]));
  }
}
