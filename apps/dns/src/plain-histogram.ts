import type { Metric, Registry } from 'prom-client';

/**
 * A histogram's one series that is only numbers until somebody asks: prom-client's own looks its series up by a hash of all labels
 * at each observation, which would cost as much as an answer.
 */
export class PlainHistogram {
  readonly #counts: number[];
  #sum = 0;

  constructor(private readonly description: { readonly name: string; readonly help: string; readonly labels: Readonly<Record<string, string>>; readonly buckets: readonly number[] }) {
    this.#counts = Array.from({ length: description.buckets.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const { buckets } = this.description;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum = 0;
  }

  get name(): string {
    return this.description.name;
  }

  get help(): string {
    return this.description.help;
  }

  /** As prom-client writes them. */
  values(): object[] {
    const { name, labels, buckets } = this.description;
    let total = 0;
    const values: object[] = this.#counts.map((count, at) => {
      total += count;
      return { labels: { ...labels, le: buckets[at] ?? '+Inf' }, value: total, metricName: `${name}_bucket` };
    });
    values.push({ labels, value: this.#sum, metricName: `${name}_sum` }, { labels, value: total, metricName: `${name}_count` });
    return values;
  }
}

/** Shows histograms of one name, each with labels of its own. */
export function registerSeries(series: readonly PlainHistogram[], registry: Registry): void {
  const [first] = series;
  if (first === undefined) return;
  const { name, help } = first;
  const get = (): Promise<object> => Promise.resolve({ name, help, type: 'histogram', values: series.flatMap((one) => one.values()), aggregator: 'sum' });
  // What a registry needs of a metric is its name, and what `get` gives.
  registry.registerMetric({ name, help, type: 'histogram', get, reset: () => series.forEach((one) => one.reset()) } as unknown as Metric);
}
