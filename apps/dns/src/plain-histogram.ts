import type { Metric, Registry } from 'prom-client';

/**
 * A histogram of one series that is only numbers until somebody asks: prom-client's own looks its series up by a hash of all labels
 * at each observation, which would cost as much as an answer.
 */
export class PlainHistogram {
  readonly #counts: number[];
  #sum = 0;

  constructor(private readonly description: { readonly name: string; readonly help: string; readonly labels: Readonly<Record<string, string>>; readonly buckets: readonly number[] }, registry: Registry) {
    this.#counts = Array.from({ length: description.buckets.length + 1 }, () => 0);
    // What a registry needs of a metric is its name, and what `get` gives.
    registry.registerMetric({ ...description, type: 'histogram', get: () => Promise.resolve(this.#read()), reset: () => this.#reset() } as unknown as Metric);
  }

  observe(value: number): void {
    const { buckets } = this.description;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  #reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }

  #read(): object {
    const { name, help, labels, buckets } = this.description;
    let total = 0;
    const values: object[] = this.#counts.map((count, at) => {
      total += count;
      return { labels: { ...labels, le: buckets[at] ?? '+Inf' }, value: total, metricName: `${name}_bucket` };
    });
    values.push({ labels, value: this.#sum, metricName: `${name}_sum` }, { labels, value: total, metricName: `${name}_count` });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}
