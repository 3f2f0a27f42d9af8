import { type storagev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type CsiDrivers } from './csi-drivers';
import { type CsiNodeObject } from './csi-node';

export interface VolumeLimitsDeps {
  readonly drivers: CsiDrivers;
  readonly node: Pick<CsiNodeObject, 'updateLimit'>;
  readonly object: (driver: string) => Promise<storagev1.CSIDriver | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often a driver is looked at that asks for nothing, or nothing any more. */
const idleMs = 60_000;

/** A volume cannot be attached: the node has as many as it may have. */
export class AttachLimitError extends Error {
  override readonly name = 'AttachLimitError';
}

/** Asks drivers again how many volumes this node may have, as often as their CSIDriver objects say. */
export class VolumeLimits {
  readonly #followed = new Map<string, AbortController>();

  constructor(private readonly deps: VolumeLimitsDeps) {}

  follow(driver: string): void {
    this.leave(driver);
    const stop = new AbortController();
    this.#followed.set(driver, stop);
    // Being left is the only end that it has.
    this.#loop(driver, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  }

  leave(driver: string): void {
    this.#followed.get(driver)?.abort();
    this.#followed.delete(driver);
  }

  stop(): void {
    for (const driver of [...this.#followed.keys()]) this.leave(driver);
  }

  /** Writes what the driver says now. Never rejects. */
  async refresh(driver: string): Promise<void> {
    try {
      await this.deps.node.updateLimit(driver, await this.deps.drivers.get(driver).node.nodeGetInfo({}));
    } catch (error) {
      this.deps.log.warn({ err: error, driver }, 'how many volumes the node may have could not be brought up to date');
    }
  }

  async #loop(driver: string, signal: AbortSignal): Promise<never> {
    for (;;) {
      const period = await this.#periodSeconds(driver);
      await this.deps.clock.sleep(period === undefined ? idleMs : period * 1000, signal);
      if (period !== undefined) await this.refresh(driver);
    }
  }

  /** Undefined too where it cannot be read: there is a next time. */
  async #periodSeconds(driver: string): Promise<number | undefined> {
    const object = await this.deps.object(driver).catch((error: unknown) => {
      this.deps.log.debug({ err: error, driver }, 'how often the driver is to be asked for its limit could not be read');
      return undefined;
    });
    return object?.spec.nodeAllocatableUpdatePeriodSeconds;
  }
}
