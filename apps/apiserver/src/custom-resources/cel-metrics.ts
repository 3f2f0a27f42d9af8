import type { RuleObserver } from '@navarch/custom-resources';
import { Histogram, type Registry } from 'prom-client';

/** Rules of custom resources by upstream's names. */
export class CelMetrics implements RuleObserver {
  private readonly compilation: Histogram;
  private readonly evaluation: Histogram;

  constructor(registry: Registry) {
    this.compilation = new Histogram({ name: 'apiserver_cel_compilation_duration_seconds', help: 'How long it took to compile the rules of a schema.', registers: [registry] });
    this.evaluation = new Histogram({ name: 'apiserver_cel_evaluation_duration_seconds', help: 'How long it took to evaluate them for an object.', registers: [registry] });
  }

  compiled(seconds: number): void {
    this.compilation.observe(seconds);
  }

  evaluated(seconds: number): void {
    this.evaluation.observe(seconds);
  }
}
