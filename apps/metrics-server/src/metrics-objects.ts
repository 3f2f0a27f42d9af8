import type { metav1 } from '@navarch/api';
import { formatDuration } from '@navarch/apimachinery';
import type { Measured, Usage } from './usage-store';

const apiVersion = 'metrics.k8s.io/v1beta1';
type ResourceList = Readonly<Record<'cpu' | 'memory', string>>;

interface Metrics {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: metav1.ObjectMeta;
  readonly timestamp: string;
  readonly window: string;
}

export interface NodeMetrics extends Metrics {
  readonly usage: ResourceList;
}

export interface PodMetrics extends Metrics {
  readonly containers: readonly { readonly name: string; readonly usage: ResourceList }[];
}

/** Quantities as upstream's metrics-server writes them: nanocores, kibibytes. */
export const quantities = ({ cpuNanocores, memoryBytes }: Usage): ResourceList => ({ cpu: `${cpuNanocores}n`, memory: `${Math.floor(memoryBytes / 1024)}Ki` });

const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
function base({ name, namespace, labels }: metav1.ObjectMeta, { takenMs, windowMs }: Measured<unknown>, nowMs: number): Pick<Metrics, 'metadata' | 'timestamp' | 'window'> {
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: seconds(nowMs),
      ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
    },
    timestamp: seconds(takenMs),
    window: formatDuration(Math.round(windowMs * 1e6)),
  };
}

export const nodeMetrics = (node: metav1.ObjectMeta, measured: Measured<Usage>, nowMs: number): NodeMetrics => ({ ...base(node, measured, nowMs), usage: quantities(measured.usage) });

export const podMetrics = (pod: metav1.ObjectMeta, measured: Measured<ReadonlyMap<string, Usage>>, nowMs: number): PodMetrics => ({
  ...base(pod, measured, nowMs), containers: [...measured.usage].map(([name, usage]) => ({ name, usage: quantities(usage) })),
});

export const withKind = <T extends Metrics>(kind: string, object: T): T => ({ kind, apiVersion, ...object });

export const listOf = (kind: string, items: readonly Metrics[]): object => ({ kind: `${kind}List`, apiVersion, metadata: {}, items });

/** The Table that kubectl get prints. */
export function tableOf(items: readonly (NodeMetrics | PodMetrics)[], usageOf: (item: NodeMetrics | PodMetrics) => ResourceList): object {
  const column = (name: string, type: string, description: string, format = ''): object => ({ name, type, format, description, priority: 0 });
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: [
      column('Name', 'string', 'Name of the resource', 'name'),
      column('cpu', 'string', 'CPU in use', 'quantity'),
      column('memory', 'string', 'Memory in use', 'quantity'),
      column('Window', 'string', 'Time over which usage was measured', 'duration'),
    ],
    rows: items.map((item) => ({
      cells: [item.metadata.name, usageOf(item).cpu, usageOf(item).memory, item.window],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.metadata },
    })),
  };
}

/** The group's discovery documents, by path. */
export const discovery: Readonly<Record<string, object>> = (() => {
  const version = { groupVersion: apiVersion, version: 'v1beta1' };
  const group = { name: 'metrics.k8s.io', versions: [version], preferredVersion: version };
  const resource = (name: string, kind: string, namespaced: boolean): object => ({ name, singularName: '', namespaced, kind, verbs: ['get', 'list'] });
  return {
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
    '/apis/metrics.k8s.io': { kind: 'APIGroup', apiVersion: 'v1', ...group },
    '/apis/metrics.k8s.io/v1beta1': { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: [resource('nodes', 'NodeMetrics', false), resource('pods', 'PodMetrics', true)] },
    '/openapi/v3': { paths: {} },
  };
})();
