import { Counter, type Registry } from 'prom-client';

export type PodResourcesCall = 'list' | 'get' | 'get_allocatable';

const titles: Record<PodResourcesCall, string> = { list: 'List', get: 'Get', get_allocatable: 'GetAllocatableResources' };

/** Counts who asked for what pods have: upstream's seven counters. */
export class PodResourcesMetrics {
  readonly #all: Counter;
  readonly #requests = new Map<PodResourcesCall, Counter>();
  readonly #errors = new Map<PodResourcesCall, Counter>();

  constructor(registry: Registry) {
    const counter = (name: string, help: string): Counter =>
      new Counter({
        name: `kubelet_pod_resources_endpoint_${name}`,
        help: `${help} Broken down by server api version.`,
        labelNames: ['server_api_version'],
        registers: [registry],
      });
    this.#all = counter('requests_total', 'Cumulative number of requests to the PodResource endpoint.');
    for (const [call, title] of Object.entries(titles) as [PodResourcesCall, string][]) {
      this.#requests.set(call, counter(`requests_${call}`, `Number of requests to the PodResource ${title} endpoint.`));
      this.#errors.set(call, counter(`errors_${call}`, `Number of requests to the PodResource ${title} endpoint which returned error.`));
    }
  }

  /** Answers a call, and counts it. */
  async counted<T>(call: PodResourcesCall, answer: () => T): Promise<T> {
    const labels = { server_api_version: 'v1' };
    this.#all.inc(labels);
    this.#requests.get(call)?.inc(labels);
    try {
      return await Promise.resolve(answer());
    } catch (error) {
      this.#errors.get(call)?.inc(labels);
      throw error;
    }
  }
}
