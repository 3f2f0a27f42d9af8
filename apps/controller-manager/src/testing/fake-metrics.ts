import type { MetricsClient, PodMetric, PodMetrics } from '../controllers/podautoscaler/metrics-client';

/** Metrics as a test sets them. What is not set cannot be read. */
export class FakeMetrics implements MetricsClient {
  /** By `cpu`, `cpu/<container>` or the name of a metric; each in thousandths by pod. */
  readonly pod = new Map<string, Readonly<Record<string, number>>>();
  /** By `<resource>/<name>/<metric>`. */
  readonly objects = new Map<string, number>();
  readonly externals = new Map<string, number[]>();
  /** When pods were measured last. */
  timestampMs = Number.MAX_SAFE_INTEGER;

  resource({ resource, container }: Parameters<MetricsClient['resource']>[0]): Promise<PodMetrics> {
    return this.#ofPods(container === undefined ? resource : `${resource}/${container}`, 'no metrics returned from resource metrics API');
  }

  pods({ metric }: Parameters<MetricsClient['pods']>[0]): Promise<PodMetrics> {
    return this.#ofPods(metric, 'no metrics returned from custom metrics API');
  }

  object({ metric, of }: Parameters<MetricsClient['object']>[0]): Promise<number> {
    const value = this.objects.get(`${of.resource}/${of.name}/${metric}`);
    return value === undefined ? Promise.reject(new Error('no metrics returned from custom metrics API')) : Promise.resolve(value);
  }

  external({ metric }: Parameters<MetricsClient['external']>[0]): Promise<number[]> {
    const values = this.externals.get(metric);
    return values === undefined ? Promise.reject(new Error('no metrics returned from external metrics API')) : Promise.resolve(values);
  }

  #ofPods(name: string, missing: string): Promise<PodMetrics> {
    const values = this.pod.get(name);
    if (values === undefined) return Promise.reject(new Error(missing));
    return Promise.resolve(new Map(Object.entries(values).map(([pod, milli]): [string, PodMetric] => [pod, { milli, timestampMs: this.timestampMs, windowMs: 10_000 }])));
  }
}
