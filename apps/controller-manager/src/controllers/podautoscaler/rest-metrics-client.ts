import { isNotFound, parseQuantity, quantityToMillis } from '@navarch/apimachinery';
import { parseDuration } from '@navarch/component-base';
import { messageOf } from '../../errors';
import type { JsonReader } from '../../rest/json-reader';
import type { MetricsClient, PodMetric, PodMetrics } from './metrics-client';

interface PodMetricsList {
  readonly items?: readonly {
    readonly metadata: { readonly name: string };
    readonly timestamp: string;
    readonly window: string;
    readonly containers?: readonly { readonly name: string; readonly usage?: Readonly<Record<string, string>> }[];
  }[];
}

interface MetricValueList {
  readonly items?: readonly { readonly describedObject: { readonly name: string }; readonly timestamp: string; readonly windowSeconds?: number; readonly value: string }[];
}

interface ExternalMetricValueList {
  readonly items?: readonly { readonly value: string }[];
}

/** Of a custom metric that does not say how long it was measured. */
const DEFAULT_WINDOW_MS = 60_000;
const CUSTOM_VERSIONS = ['v1beta2', 'v1beta1'] as const;

const query = (values: Readonly<Record<string, string>>): string => {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  return given.length === 0 ? '' : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
};
const millisOf = (quantity: string): number => quantityToMillis(parseQuantity(quantity));

/** Reads the metrics APIs by REST: they are aggregated, and so behind no other door. */
export class RestMetricsClient implements MetricsClient {
  readonly #reader: JsonReader;

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  async resource({ resource, namespace, selector, container }: Parameters<MetricsClient['resource']>[0], signal: AbortSignal): Promise<PodMetrics> {
    const list = await this.#read<PodMetricsList>('resource metrics API', `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods${query({ labelSelector: selector })}`, signal);
    const metrics: PodMetrics = new Map();
    for (const { metadata, timestamp, window, containers = [] } of list.items ?? []) {
      const measured = container === undefined ? containers : containers.filter(({ name }) => name === container);
      if (container !== undefined && measured.length === 0) throw new Error(`failed to get container metrics: container ${container} not present in metrics for pod ${namespace}/${metadata.name}`);
      const values = measured.map(({ usage }) => usage?.[resource]);
      // A pod of which a part is missing counts as missing.
      if (values.length === 0 || values.includes(undefined)) continue;
      metrics.set(metadata.name, { milli: values.reduce((sum, value) => sum + millisOf(value ?? '0'), 0), timestampMs: Date.parse(timestamp), windowMs: parseDuration(window) ?? DEFAULT_WINDOW_MS });
    }
    if ((list.items ?? []).length === 0) throw new Error('no metrics returned from resource metrics API');
    return metrics;
  }

  async pods({ metric, namespace, selector, metricSelector }: Parameters<MetricsClient['pods']>[0], signal: AbortSignal): Promise<PodMetrics> {
    const { items = [] } = await this.#custom(`namespaces/${namespace}/pods/*/${encodeURIComponent(metric)}${query({ labelSelector: selector, metricLabelSelector: metricSelector })}`, signal);
    if (items.length === 0) throw new Error('no metrics returned from custom metrics API');
    return new Map(items.map(({ describedObject, timestamp, windowSeconds, value }): [string, PodMetric] => {
      const windowMs = windowSeconds === undefined ? DEFAULT_WINDOW_MS : windowSeconds * 1000;
      return [describedObject.name, { milli: millisOf(value), timestampMs: Date.parse(timestamp), windowMs }];
    }));
  }

  async object({ metric, namespace, of, metricSelector }: Parameters<MetricsClient['object']>[0], signal: AbortSignal): Promise<number> {
    const target = of.resource === 'namespaces' ? `namespaces/${of.name}/metrics` : `${of.namespaced ? `namespaces/${namespace}/` : ''}${of.resource}/${of.name}`;
    const { items = [] } = await this.#custom(`${target}/${encodeURIComponent(metric)}${query({ metricLabelSelector: metricSelector })}`, signal);
    const [first] = items;
    if (first === undefined) throw new Error('no metrics returned from custom metrics API');
    return millisOf(first.value);
  }

  async external({ metric, namespace, metricSelector }: Parameters<MetricsClient['external']>[0], signal: AbortSignal): Promise<number[]> {
    const { items = [] } = await this.#read<ExternalMetricValueList>(
      'external metrics API',
      `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(metric)}${query({ labelSelector: metricSelector })}`,
      signal,
    );
    if (items.length === 0) throw new Error('no metrics returned from external metrics API');
    return items.map(({ value }) => millisOf(value));
  }

  /** The newest version that is served. */
  async #custom(path: string, signal: AbortSignal): Promise<MetricValueList> {
    const [newest, older] = CUSTOM_VERSIONS;
    try {
      return await this.#reader.get<MetricValueList>(`/apis/custom.metrics.k8s.io/${newest}/${path}`, signal);
    } catch (error) {
      if (!isNotFound(error)) throw new Error(`unable to fetch metrics from custom metrics API: ${messageOf(error)}`, { cause: error });
      return this.#read<MetricValueList>('custom metrics API', `/apis/custom.metrics.k8s.io/${older}/${path}`, signal);
    }
  }

  async #read<T>(api: string, path: string, signal: AbortSignal): Promise<T> {
    try {
      return await this.#reader.get<T>(path, signal);
    } catch (error) {
      throw new Error(`unable to fetch metrics from ${api}: ${messageOf(error)}`, { cause: error });
    }
  }
}
