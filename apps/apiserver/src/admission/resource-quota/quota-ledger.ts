import { core, type corev1 } from '@navarch/api';
import { internalError, isConflict, isNotFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { ObjectReader, ObjectWriter } from '../../pipeline';
import { type Charge, chargeQuotas, type ChargeResult, refundQuota } from './charge';
import type { LimitedResource } from './limited-resources';

/** What a write was charged, to give it back should the write fail. */
export interface Receipt {
  readonly charge: Charge;
  readonly namespace: string;
  /** Names of the quotas it was charged to. */
  readonly quotas: readonly string[];
}

/** Why a write is not charged. */
export type Refusal = Exclude<ChargeResult, { changed: unknown }>;

type Outcome = Receipt | Refusal | undefined;

export interface LedgerDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limited: readonly LimitedResource[];
}

interface Waiting {
  readonly charge: Charge;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
}

/** Another apiserver, or the controller that counts again, was faster: so often in a row is no accident. */
const attempts = 10;

/**
 * The quotas of one namespace: all writes that wait are charged in one go, by one compare-and-swap for each quota that they change
 * (rules 6.1), before any of them is sent to the store.
 */
export class QuotaLedger {
  private waiting: Waiting[] = [];
  private busy = false;

  constructor(
    private readonly namespace: string,
    private readonly deps: LedgerDeps,
  ) {}

  get idle(): boolean {
    return !this.busy && this.waiting.length === 0;
  }

  /** Undefined: nothing to charge. */
  charge(charge: Charge): Promise<Outcome> {
    return new Promise((settle, fail) => {
      this.waiting.push({ charge, settle, fail });
      if (!this.busy) void this.work();
    });
  }

  /** Best effort: the controller counts again anyway. */
  async refund({ charge, quotas }: Receipt): Promise<void> {
    const { writer, clock, log } = this.deps;
    for (const name of quotas) {
      for (let attempt = 1; ; attempt++) {
        try {
          const quota = await writer.get(core.resourcequotas, this.namespace, name);
          if (quota) await writer.update(core.resourcequotas, refundQuota(quota, charge, clock.now()), 'status');
          break;
        } catch (error) {
          if (isConflict(error) && attempt < attempts) continue;
          log.warn({ err: error, namespace: this.namespace, quota: name }, 'quota not refunded until it is counted again');
          break;
        }
      }
    }
  }

  private async work(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.settle(batch);
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    this.busy = false;
  }

  private async settle(batch: readonly Waiting[]): Promise<void> {
    let quotas = this.deps.reader.list(core.resourcequotas, this.namespace);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const outcomes = this.decide(quotas, batch);
      const stored = await this.store(outcomes.changed);
      if (stored.length === outcomes.changed.length) {
        batch.forEach(({ settle }, i) => settle(outcomes.of[i]));
        return;
      }
      await this.takeBack(outcomes.of, stored);
      await this.deps.reader.refresh();
      quotas = this.deps.reader.list(core.resourcequotas, this.namespace);
    }
    throw internalError(`resource quota of namespace ${this.namespace} changes too fast`);
  }

  /** Each write sees what those before it have been charged. */
  private decide(quotas: readonly corev1.ResourceQuota[], batch: readonly Waiting[]): { of: Outcome[]; changed: corev1.ResourceQuota[] } {
    const state = new Map(quotas.map((quota) => [quota.metadata.name ?? '', quota]));
    const changed = new Set<string>();
    const of = batch.map(({ charge }): Outcome => {
      const result = chargeQuotas([...state.values()], charge, this.deps.clock.now(), this.deps.limited);
      if (!('changed' in result)) return result;
      const names = result.changed.map(({ metadata: { name = '' } }) => name);
      result.changed.forEach((quota, i) => state.set(names[i] ?? '', quota));
      for (const name of names) changed.add(name);
      return names.length === 0 ? undefined : { charge, namespace: this.namespace, quotas: names };
    });
    return { of, changed: [...state].filter(([name]) => changed.has(name)).map(([, quota]) => quota) };
  }

  /** The names of those that were stored: fewer than asked when another writer was faster. */
  private async store(quotas: readonly corev1.ResourceQuota[]): Promise<string[]> {
    const stored: string[] = [];
    for (const quota of quotas) {
      try {
        await this.deps.writer.update(core.resourcequotas, quota, 'status');
        stored.push(quota.metadata.name ?? '');
      } catch (error) {
        if (isConflict(error) || isNotFound(error)) break;
        throw error;
      }
    }
    return stored;
  }

  /** All or nothing: before the batch is charged again, what only some quotas have booked is given back. */
  private async takeBack(outcomes: readonly Outcome[], stored: readonly string[]): Promise<void> {
    for (const outcome of stored.length === 0 ? [] : outcomes) {
      if (outcome && 'quotas' in outcome) await this.refund({ ...outcome, quotas: outcome.quotas.filter((name) => stored.includes(name)) });
    }
  }
}
