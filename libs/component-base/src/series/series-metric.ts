import type { Metric, MetricObjectWithValues, MetricType, MetricValueWithName, Registry } from 'prom-client';

export type SeriesLabels = Readonly<Record<string, string>>;

export interface SeriesMetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly registers: readonly Registry[];
}

/**
 * A metric whose users keep the series that they change. prom-client's own check and join all labels each time, about a microsecond
 * that a path of thirty such steps feels; here a step is an addition. Registries read both alike.
 */
export abstract class SeriesMetric<S> {
  abstract readonly type: `${MetricType}`;
  readonly name: string;
  readonly help: string;
  readonly aggregator = 'sum';
  protected readonly series = new Map<string, { readonly labels: SeriesLabels; readonly series: S }>();
  private readonly labelNames: readonly string[];

  constructor({ name, help, labelNames = [], registers }: SeriesMetricOptions) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    // What a registry asks of a metric is its name, and its values when somebody reads them.
    for (const registry of registers) registry.registerMetric(this as unknown as Metric);
  }

  /** The series of these labels, made if it is missing. @throws for a label that was not declared, or that is missing */
  labels(labels: SeriesLabels): S {
    // With their lengths no two sets of values look alike, whatever is in them.
    let key = '';
    for (const name of this.labelNames) {
      const value = labels[name];
      key += value === undefined ? '-' : `${value.length}:${value}`;
    }
    let found = this.series.get(key);
    if (!found) {
      this.requireDeclared(labels);
      found = { labels: Object.fromEntries(this.labelNames.map((name) => [name, labels[name] ?? ''])), series: this.create() };
      this.series.set(key, found);
    }
    return found.series;
  }

  /** To zero: those who keep a series go on with it. */
  reset(): void {
    for (const { series } of this.series.values()) this.zero(series);
  }

  get(): Promise<Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'aggregator' | 'collect' | 'type'> & { readonly type: `${MetricType}`; readonly aggregator: string }> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: [...this.series.values()].flatMap(({ labels, series }) => this.values(labels, series)) });
  }

  protected abstract create(): S;

  protected abstract zero(series: S): void;

  /** What one series shows. */
  protected abstract values(labels: SeriesLabels, series: S): MetricValueWithName<string>[];

  private requireDeclared(labels: SeriesLabels): void {
    const given = Object.keys(labels);
    const unknown = given.find((name) => !this.labelNames.includes(name));
    if (unknown !== undefined) throw new Error(`${this.name} has no label ${unknown}`);
    if (given.length !== this.labelNames.length) throw new Error(`${this.name} wants the labels ${this.labelNames.join(', ')}`);
  }
}
