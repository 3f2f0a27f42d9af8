import { type HistogramSeries, SeriesHistogram } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { AdmissionAttributes } from './admission';
import type { AdmissionObserver, AdmissionType } from './admission-chain';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** How long admission takes, by upstream's names. */
export class AdmissionMetrics implements AdmissionObserver {
  private readonly plugins: SeriesHistogram;
  private readonly steps: SeriesHistogram;
  /** By what distinguishes them. */
  private readonly series = new Map<string, HistogramSeries>();

  constructor(registry: Registry) {
    const labelNames = ['type', 'operation', 'rejected'];
    this.plugins = new SeriesHistogram({
      name: 'apiserver_admission_controller_admission_duration_seconds',
      help: 'How long each admission plug-in took, and whether it refused.',
      labelNames: ['name', ...labelNames],
      buckets,
      registers: [registry],
    });
    this.steps = new SeriesHistogram({
      name: 'apiserver_admission_step_admission_duration_seconds',
      help: 'How long all plug-ins of a step took, and whether one refused.',
      labelNames,
      buckets,
      registers: [registry],
    });
  }

  plugin(name: string, type: AdmissionType, { operation }: AdmissionAttributes, seconds: number, rejected: boolean): void {
    const key = `${name}/${type}/${operation}/${rejected}`;
    let series = this.series.get(key);
    if (!series) this.series.set(key, (series = this.plugins.labels({ name, type, operation, rejected: String(rejected) })));
    series.observe(seconds);
  }

  step(type: AdmissionType, { operation }: AdmissionAttributes, seconds: number, rejected: boolean): void {
    this.steps.labels({ type, operation, rejected: String(rejected) }).observe(seconds);
  }
}
