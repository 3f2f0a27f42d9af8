import { networking, type networkingv1 } from '@navarch/api';
import { formatTime, isAlreadyExists, isConflict } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { eventWriter } from '../cluster-objects/event-writer';
import type { ObjectWriter } from '../pipeline';

type ServiceCidr = networkingv1.ServiceCIDR;

const NAME = 'kubernetes-service-cidr-controller';
const DEFAULT = 'kubernetes';
/** Upstream's. */
const INTERVAL_MS = 10_000;

export interface DefaultCidrPlan {
  /** To be made, or what it is to become. */
  readonly write?: { readonly action: 'create' | 'update' | 'updateStatus'; readonly object: ServiceCidr };
  /** What an administrator should look at. */
  readonly notice?: { readonly reason: string; readonly message: string };
}

/**
 * What becomes of the ServiceCIDR of the ranges that a server was started with, as upstream's `defaultservicecidr` decides: it is made, gets
 * the second family, and is Ready; what somebody else has said of it stays.
 */
export function planDefaultCidr(cidrs: readonly string[], present: ServiceCidr | undefined, nowMs: number): DefaultCidrPlan {
  if (present === undefined) return { write: { action: 'create', object: { metadata: { name: DEFAULT }, spec: { cidrs: [...cidrs] } } } };
  const found = present.spec?.cidrs ?? [];
  if (cidrs.length === 2 && found.length === 1 && found[0] === cidrs[0]) return { write: { action: 'update', object: { ...present, spec: { ...present.spec, cidrs: [...cidrs] } } } };
  if (present.metadata.deletionTimestamp !== undefined) return {};
  if (found.join() !== cidrs.join()) {
    return { notice: { reason: 'KubernetesDefaultServiceCIDRInconsistent', message: `The default ServiceCIDR [${found.join(' ')}] does not match the controller flag configurations [${cidrs.join(' ')}]` } };
  }
  const conditions = present.status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'False') return { notice: { reason: ready.reason, message: `Configuration matches, but ${ready.message}` } };
  if (ready?.status === 'True') return {};
  const condition = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: formatTime(nowMs) };
  return { write: { action: 'updateStatus', object: { ...present, status: { ...present.status, conditions: [...conditions.filter(({ type }) => type !== 'Ready'), condition] } } } };
}

export interface DefaultServiceCidrDeps {
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the ServiceCIDR `kubernetes`. Every server does it. */
export class DefaultServiceCidr implements Component {
  readonly name = NAME;
  readonly #events: EventRecorder;
  readonly #stopping = new AbortController();
  /** Reasons that were told: each once. */
  readonly #told = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(private readonly cidrs: readonly string[], private readonly deps: DefaultServiceCidrDeps) {
    const { writer, clock, log } = deps;
    this.#events = new EventRecorder({ component: NAME }, { api: eventWriter(writer), clock, log });
  }

  async start(): Promise<void> {
    if (this.#running) return;
    await this.#once();
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#running = undefined;
    await this.#events.flush();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await rest(this.deps.clock, INTERVAL_MS, signal);
      if (signal.aborted) return;
      await this.#once();
    }
  }

  async #once(): Promise<void> {
    const { writer, clock, log } = this.deps;
    try {
      const present = await writer.get(networking.servicecidrs, '', DEFAULT);
      const { write, notice } = planDefaultCidr(this.cidrs, present, clock.now());
      if (write?.action === 'create') await writer.create(networking.servicecidrs, write.object);
      else if (write) await writer.update(networking.servicecidrs, write.object, write.action === 'updateStatus' ? 'status' : undefined);
      // What was made gets its condition.
      if (write && write.action !== 'updateStatus') await this.#once();
      if (notice && present && !this.#told.has(notice.reason)) {
        this.#told.add(notice.reason);
        log.warn({ reason: notice.reason, cidrs: this.cidrs }, notice.message);
        this.#events.event({ ...present, apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' }, 'Warning', notice.reason, notice.message);
      }
    } catch (error) {
      // Another server may have been faster, or etcd is away: the next round finds out.
      if (!isConflict(error) && !isAlreadyExists(error)) log.warn({ err: error }, 'the default ServiceCIDR is not as it should be');
    }
  }
}
