import { networkInterfaces } from 'node:os';
import type { Clock, Timer } from '@navarch/clock';
import { type Component } from './component';

const everyMs = 1_000;
/** An engine connects a namespace before it starts what is in it: one that is still bare after this belonged to somebody who has gone. */
const connectedWithinMs = 20_000;

export interface NetworkWatchDeps {
  readonly clock: Clock;
  /** Ends the process. */
  readonly fail: (error: unknown) => void;
  /** Whether this network namespace has an interface besides loopback. */
  readonly connected?: () => boolean;
}

const hasInterface = (): boolean => Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal) === true);

/**
 * For a container in another container's network namespace: when that one is started again it gets a new namespace, and this process would
 * work on in the dead one. It ends instead, and its own restart joins the new one.
 */
export class NetworkWatch implements Component {
  readonly name = 'network-watch';
  #timer: Timer | undefined;
  #bareUntil: number | undefined;

  constructor(private readonly deps: NetworkWatchDeps) {}

  start(): Promise<void> {
    this.#bareUntil = this.deps.clock.now() + connectedWithinMs;
    this.#look();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #look(): void {
    const { clock, fail, connected = hasInterface } = this.deps;
    if (connected()) this.#bareUntil = undefined;
    else if (this.#bareUntil === undefined || clock.now() >= this.#bareUntil) {
      fail(new Error('this network namespace has no interfaces: its owner is gone'));
      return;
    }
    this.#timer = clock.setTimeout(() => this.#look(), everyMs);
  }
}
