export interface PullLimitOptions {
  /** Pulls a second in the long run: upstream's registryPullQPS; 0 for no limit. */
  readonly perSecond: number;
  /** Pulls at once: upstream's registryBurst. */
  readonly burst: number;
}

/** How often registries may be asked: a bucket that fills with time. Upstream's throttledImageService. */
export class PullLimit {
  #left: number;
  #atMs: number | undefined;

  constructor(private readonly options: PullLimitOptions) {
    this.#left = options.burst;
  }

  /** Whether one more pull may begin now, which is then counted. */
  take(nowMs: number): boolean {
    const { perSecond, burst } = this.options;
    if (perSecond <= 0) return true;
    this.#left = Math.min(burst, this.#left + (Math.max(0, nowMs - (this.#atMs ?? nowMs)) * perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
