import { type corev1 } from '@navarch/api';
import { type ProbeResult } from '../pods/pod-observation';

/** Turns single outcomes into settled results: so many of a kind in a row. */
export class ProbeThresholds {
  #last: ProbeResult | undefined;
  #inARow = 0;

  constructor(private readonly probe: Pick<corev1.Probe, 'failureThreshold' | 'successThreshold'>) {}

  /** The settled result after this outcome; undefined if it settles nothing. */
  count(outcome: ProbeResult): ProbeResult | undefined {
    this.#inARow = outcome === this.#last ? this.#inARow + 1 : 1;
    this.#last = outcome;
    const threshold = outcome === 'success' ? this.probe.successThreshold ?? 1 : this.probe.failureThreshold ?? 3;
    return this.#inARow >= threshold ? outcome : undefined;
  }
}
