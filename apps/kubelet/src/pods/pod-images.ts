import { type Clock } from '@navarch/clock';
import { type PresentImage } from '../images/image-puller';

/** Images that are there for the next start of a pod's containers, by the containers' names, and how long the pod waited for them. */
export class PodImages {
  readonly #present = new Map<string, PresentImage>();
  #waitedMs = 0;
  /** Until when it has been counted: images that are fetched at once are waited for once. */
  #countedMs = 0;

  constructor(private readonly clock: Clock) {}

  get names(): ReadonlySet<string> {
    return new Set(this.#present.keys());
  }

  get waitedMs(): number {
    return this.#waitedMs;
  }

  async fetch(container: string, ensure: () => Promise<PresentImage>): Promise<void> {
    const beganMs = this.clock.now();
    this.#present.set(container, await ensure());
    const now = this.clock.now();
    this.#waitedMs += now - Math.max(beganMs, this.#countedMs);
    this.#countedMs = now;
  }

  get(container: string): PresentImage | undefined {
    return this.#present.get(container);
  }

  /** A start has taken it: a later one looks for the image anew, as its pull policy says. */
  used(container: string): void {
    this.#present.delete(container);
  }
}
