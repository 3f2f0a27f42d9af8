import { Histogram, type Registry } from 'prom-client';
import type { AdmissionAttributes } from './admission';
import type { AdmissionObserver, AdmissionType } from './admission-chain';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** How long admission takes, by upstream's names. */
export class AdmissionMetrics implements AdmissionObserver {
  private readonly plugins: Histogram;
  private readonly steps: Histogram;

  constructor(registry: Registry) {
    const labelNames = ['type', 'operation', 'rejected'];
    this.plugins = new Histogram({ name: 'apiserver_admission_controller_admission_duration_seconds', help: 'How long each admission plug-in took, and whether it refused.', labelNames: ['name', ...labelNames], buckets, registers: [registry] });
    this.steps = new Histogram({ name: 'apiserver_admission_step_admission_duration_seconds', help: 'How long all plug-ins of a step took, and whether one refused.', labelNames, buckets, registers: [registry] });
  }

  plugin(name: string, type: AdmissionType, { operation }: AdmissionAttributes, seconds: number, rejected: boolean): void {
    this.plugins.observe({ name, type, operation, rejected: String(rejected) }, seconds);
  }

  step(type: AdmissionType, { operation }: AdmissionAttributes, seconds: number, rejected: boolean): void {
    this.steps.observe({ type, operation, rejected: String(rejected) }, seconds);
  }
}
