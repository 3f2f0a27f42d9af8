import type { KubeObject, metav1 } from '@navarch/api';
import { methodNotAllowed, noSuchPath, notFound, parseFieldSelector, parseLabelSelector, toStatus } from '@navarch/apimachinery';
import { discovery, listOf, nodeMetrics, podMetrics, quantities, tableOf, withKind, type NodeMetrics, type PodMetrics } from './metrics-objects';
import type { Usage, UsageStore } from './usage-store';

/** The nodes of the cluster: an informer. Of pods, their nodes tell. */
export interface Known {
  list(): KubeObject[];
  get(key: { readonly namespace: string; readonly name: string }): KubeObject | undefined;
}

export interface MetricsApiDeps {
  readonly store: UsageStore;
  readonly nodes: Known;
  readonly now: () => number;
}

export interface ApiRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly accept: string;
}

export interface ApiAnswer {
  readonly code: number;
  readonly body: object;
}

const pathPattern = /^\/apis\/metrics\.k8s\.io\/v1beta1(?:\/namespaces\/([^/]+))?\/(nodes|pods)(?:\/([^/]+))?\/?$/;

/** metrics.k8s.io/v1beta1: what answers to which path. No I/O. */
export class MetricsApi {
  constructor(private readonly deps: MetricsApiDeps) {}

  answer({ method, url, accept }: ApiRequest): ApiAnswer {
    try {
      const { pathname, searchParams } = new URL(url, 'https://metrics-server');
      const document = discovery[pathname.replace(/\/$/, '')];
      const [, namespace = '', resource, name] = pathPattern.exec(pathname) ?? [];
      if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed({ group: 'metrics.k8s.io', resource: resource ?? '' }, method.toLowerCase());
      if (document !== undefined) return { code: 200, body: document };
      if (resource === undefined || (resource === 'nodes' && namespace !== '') || (resource === 'pods' && name !== undefined && namespace === '')) throw noSuchPath();
      if (searchParams.get('watch') === 'true') throw methodNotAllowed({ group: 'metrics.k8s.io', resource }, 'watch');
      const asTable = accept.includes('as=Table');
      if (name !== undefined) return this.#one(resource, namespace, name, asTable);
      return this.#list(resource, namespace, searchParams, asTable);
    } catch (error) {
      const status = toStatus(error);
      return { code: status.code ?? 500, body: status };
    }
  }

  #one(resource: string, namespace: string, name: string, asTable: boolean): ApiAnswer {
    const { nodes, store } = this.deps;
    const metadata = resource === 'nodes' ? nodes.get({ namespace: '', name })?.metadata : store.reportedPod(namespace, name);
    const measured = metadata && this.#measure(resource, metadata);
    if (measured === undefined) throw notFound({ group: '', resource }, resource === 'nodes' ? name : `${namespace}/${name}`);
    return { code: 200, body: asTable ? tableOf([measured], totalOf) : withKind(kindOf(resource), measured) };
  }

  #list(resource: string, namespace: string, query: URLSearchParams, asTable: boolean): ApiAnswer {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    const { nodes, store } = this.deps;
    const known: metav1.ObjectMeta[] = resource === 'nodes' ? nodes.list().map(({ metadata }) => metadata) : store.pods().filter((pod) => namespace === '' || pod.namespace === namespace);
    const items = known
      .filter((metadata) => labels.matches(metadata.labels) && fields.matches((field) => fieldOf(metadata, field)))
      .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
      .flatMap((metadata) => this.#measure(resource, metadata) ?? []);
    return { code: 200, body: asTable ? tableOf(items, totalOf) : listOf(kindOf(resource), items) };
  }

  #measure(resource: string, metadata: metav1.ObjectMeta): NodeMetrics | PodMetrics | undefined {
    const { store, now } = this.deps;
    if (resource === 'nodes') {
      const measured = store.node(metadata.name ?? '');
      return measured && nodeMetrics(metadata, measured, now());
    }
    const measured = store.pod(metadata.namespace ?? '', metadata.name ?? '');
    return measured && podMetrics(metadata, measured, now());
  }
}

const kindOf = (resource: string): string => (resource === 'nodes' ? 'NodeMetrics' : 'PodMetrics');
const sortKey = ({ namespace = '', name = '' }: metav1.ObjectMeta): string => `${namespace}/${name}`;
const fieldOf = (metadata: metav1.ObjectMeta, field: string): string => ({ 'metadata.name': metadata.name, 'metadata.namespace': metadata.namespace })[field] ?? '';

/** A pod's row shows the sum of its containers. */
function totalOf(item: NodeMetrics | PodMetrics): { cpu: string; memory: string } {
  if ('usage' in item) return item.usage;
  const sum: Usage = item.containers.reduce(
    (total, { usage }) => ({ cpuNanocores: total.cpuNanocores + parseInt(usage.cpu), memoryBytes: total.memoryBytes + parseInt(usage.memory) * 1024 }),
    { cpuNanocores: 0, memoryBytes: 0 },
  );
  return quantities(sum);
}
