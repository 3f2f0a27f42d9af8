import { type HistogramSeries, SeriesHistogram } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { AdmissionOperation } from './admission';
import type { AdmissionObserver, AdmissionType, Observe } from './admission-phase';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** How long admission takes, by upstream's names. */
export class AdmissionMetrics implements AdmissionObserver {
  private readonly plugins: SeriesHistogram;
  private readonly steps: SeriesHistogram;

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

  plugin(name: string, type: AdmissionType, operation: AdmissionOperation): Observe {
    return byOutcome((rejected) => this.plugins.labels({ name, type, operation, rejected }));
  }

  step(type: AdmissionType, operation: AdmissionOperation): Observe {
    return byOutcome((rejected) => this.steps.labels({ type, operation, rejected }));
  }
}

/** There is no series of what has never happened. */
function byOutcome(seriesOf: (rejected: 'false' | 'true') => HistogramSeries): Observe {
  let [passed, refused]: (HistogramSeries | undefined)[] = [];
  return (seconds, rejected) => (rejected ? (refused ??= seriesOf('true')) : (passed ??= seriesOf('false'))).observe(seconds);
}
