import { Gauge, type Registry } from 'prom-client';

/**
 * How long it took from the machine's start until its new node was ready, step by step, by upstream's names. Told of a
 * node that this kubelet has made only: one that was there before tells nothing of how long nodes take to come.
 */
export class NodeStartMetrics {
  readonly #seconds: (name: string, ms: number) => void;
  #startedMs: number | undefined;
  #triedMs: number | undefined;
  #madeMs: number | undefined;
  #isReady = false;
  /** When the machine was started; unknown before it was looked at. */
  bootedMs: number | undefined;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `kubelet_node_startup_${name}duration_seconds`, help: `Duration in seconds of node startup ${help}.`, registers: [registry] });
    const gauges = new Map([
      ['pre_kubelet_', gauge('pre_kubelet_', 'before kubelet starts')], ['pre_registration_', gauge('pre_registration_', 'before registration')],
      ['registration_', gauge('registration_', 'during registration')], ['post_registration_', gauge('post_registration_', 'after registration')], ['', gauge('', 'in total')],
    ]);
    this.#seconds = (name, ms) => gauges.get(name)?.set(ms / 1000);
  }

  /** The kubelet begins. */
  started(nowMs: number): void {
    this.#startedMs ??= nowMs;
  }

  /** It tries to make its node. */
  trying(nowMs: number): void {
    this.#triedMs ??= nowMs;
  }

  /** There was none, and it has made one. */
  made(nowMs: number): void {
    if (this.#triedMs === undefined || this.#startedMs === undefined || this.#madeMs !== undefined) return;
    this.#madeMs = nowMs;
    if (this.bootedMs !== undefined) this.#seconds('pre_kubelet_', this.#startedMs - this.bootedMs);
    this.#seconds('pre_registration_', this.#triedMs - this.#startedMs);
    this.#seconds('registration_', this.#madeMs - this.#triedMs);
  }

  /** The API shows that it is ready. */
  ready(nowMs: number): void {
    if (this.#madeMs === undefined || this.#isReady) return;
    this.#isReady = true;
    this.#seconds('post_registration_', nowMs - this.#madeMs);
    if (this.bootedMs !== undefined) this.#seconds('', nowMs - this.bootedMs);
  }
}
