import type { MetricValueWithName } from 'prom-client';
import { SeriesMetric, type SeriesLabels, type SeriesMetricOptions } from './series-metric';

/** The observations with one set of labels. */
export class HistogramSeries {
  sum = 0;
  /** By bucket, the last without a bound; each counts what is in none before it. */
  readonly counts: Float64Array;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** The same value so many times costs no more than once. */
  observe(value: number, times = 1): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + times;
    this.sum += value * times;
  }
}

export interface SeriesHistogramOptions extends SeriesMetricOptions {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

export class SeriesHistogram extends SeriesMetric<HistogramSeries> {
  readonly type = 'histogram';
  private readonly buckets: readonly number[];

  constructor(options: SeriesHistogramOptions) {
    super(options);
    this.buckets = options.buckets;
  }

  protected create(): HistogramSeries {
    return new HistogramSeries(this.buckets);
  }

  protected zero(series: HistogramSeries): void {
    series.counts.fill(0);
    series.sum = 0;
  }

  protected values(labels: SeriesLabels, { counts, sum }: HistogramSeries): MetricValueWithName<string>[] {
    let count = 0;
    const buckets = [...counts].map((own, i) => ({ metricName: `${this.name}_bucket`, labels: { le: String(this.buckets[i] ?? '+Inf'), ...labels }, value: (count += own) }));
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}
