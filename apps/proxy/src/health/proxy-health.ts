import type { ServerResponse } from 'node:http';
import type { Clock } from '@navarch/clock';

/** Twice upstream's sync period: a change that waits longer makes the proxy unhealthy. */
const healthTimeoutMs = 60_000;

export interface ProxyHealthDeps {
  readonly clock: Clock;
  /** False while the node is being taken away: then load balancers shall go elsewhere, but nothing is wrong here. */
  readonly nodeEligible: () => boolean;
  readonly onAnswer: (path: 'healthz' | 'livez', code: number) => void;
}

/**
 * Whether rules follow Services, as upstream's proxy says it on /healthz and /livez: healthy unless a change has waited for too
 * long. A proxy that is starting, or that has nothing to do, is healthy.
 */
export class ProxyHealth {
  #lastUpdatedMs: number | undefined;
  #waitingSinceMs: number | undefined;

  constructor(private readonly deps: ProxyHealthDeps) {}

  /** A change is known that is not in force yet. */
  queued(): void {
    this.#waitingSinceMs ??= this.deps.clock.now();
  }

  /** All that is known is in force. */
  updated(): void {
    this.#waitingSinceMs = undefined;
    this.#lastUpdatedMs = this.deps.clock.now();
  }

  get healthy(): boolean {
    // Before the first sync, what an earlier run left still serves.
    if (this.#lastUpdatedMs === undefined || this.#waitingSinceMs === undefined) return true;
    return this.deps.clock.now() - this.#waitingSinceMs < healthTimeoutMs;
  }

  healthz(response: ServerResponse): void {
    const nodeEligible = this.deps.nodeEligible();
    this.#answer('healthz', this.healthy && nodeEligible, response, { nodeEligible });
  }

  livez(response: ServerResponse): void {
    this.#answer('livez', this.healthy, response, {});
  }

  /** Who is healthy is up to date, so that "last updated" is now: upstream keeps this for old clients. */
  #answer(path: 'healthz' | 'livez', healthy: boolean, response: ServerResponse, more: object): void {
    const code = healthy ? 200 : 503;
    const time = (ms: number): string => new Date(ms).toISOString();
    const nowMs = this.deps.clock.now();
    response.writeHead(code, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
    response.end(JSON.stringify({ lastUpdated: time(healthy ? nowMs : (this.#lastUpdatedMs ?? 0)), currentTime: time(nowMs), ...more }));
    this.deps.onAnswer(path, code);
  }
}
