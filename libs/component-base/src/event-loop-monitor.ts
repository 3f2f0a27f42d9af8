import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Histogram, type Registry } from 'prom-client';
import { type Component } from './component';
import { type Logger } from './logger';

/** How often the thread is looked in upon, and by how much a lag may be understated: each look wakes the process, and a cluster is many processes that are mostly idle. */
const RESOLUTION_MS = 100;
const LOOK_EVERY_MS = 1000;
/** Above this a heartbeat or a lease renewal starts to be at risk. */
const WARN_ABOVE_MS = 100;

/** Observes each second's worst event-loop lag, and warns when it is over 100 ms: something held the thread too long. */
export class EventLoopMonitor implements Component {
  readonly name = 'event-loop-monitor';
  readonly #lag: Histogram;
  readonly #log: Logger;
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: { registry: Registry; log: Logger }) {
    this.#log = deps.log;
    this.#lag = new Histogram({
      name: 'navarch_event_loop_lag_seconds',
      help: 'Worst event-loop lag of each second.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [deps.registry],
    });
  }

  start(): Promise<void> {
    if (this.#timer) return Promise.resolve();
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    this.#delay = delay;
    this.#timer = setInterval(() => {
      this.observe(Math.max(0, delay.max / 1e6 - RESOLUTION_MS));
      delay.reset();
    }, LOOK_EVERY_MS);
    this.#timer.unref();
    return Promise.resolve();
  }

  /** Takes in the worst lag of one period. */
  observe(lagMs: number): void {
    this.#lag.observe(lagMs / 1000);
    if (lagMs > WARN_ABOVE_MS) this.#log.warn({ lagMs: Math.round(lagMs) }, 'event loop lagged');
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#delay?.disable();
    return Promise.resolve();
  }
}
