import type { MetricValue } from 'prom-client';
import { SeriesMetric, type SeriesLabels } from './series-metric';

/** One number of a counter or gauge. */
export class NumberSeries {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }

  dec(by = 1): void {
    this.value -= by;
  }
}

abstract class SeriesNumber extends SeriesMetric<NumberSeries> {
  protected create(): NumberSeries {
    return new NumberSeries();
  }

  protected zero(series: NumberSeries): void {
    series.value = 0;
  }

  protected values(labels: SeriesLabels, { value }: NumberSeries): MetricValue<string>[] {
    return [{ labels, value }];
  }
}

/** A number that only grows. */
export class SeriesCounter extends SeriesNumber {
  readonly type = 'counter';
}

/** A number that goes up and down. */
export class SeriesGauge extends SeriesNumber {
  readonly type = 'gauge';
}
