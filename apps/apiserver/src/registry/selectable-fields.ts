import type { KubeObject } from '@navarch/api';

type Source = Readonly<Record<string, unknown>> | undefined;

/** Reads `a.b.c`; what is absent or not a scalar is the empty string. */
function textAt(object: Source, path: readonly string[]): string {
  let value: unknown = object;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Record<string, unknown>)[step];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Field names a kind supports besides metadata.name and metadata.namespace, in upstream's registry/<group>/<kind>/strategy.go. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  '/nodes': ['spec.unschedulable'],
  '/namespaces': ['status.phase', 'name'],
  '/events': [
    'involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.resourceVersion',
    'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type',
  ],
  '/secrets': ['type'],
  '/services': ['spec.clusterIP', 'spec.type'],
  '/replicationcontrollers': ['status.replicas'],
  'apps/replicasets': ['status.replicas'],
  'batch/jobs': ['status.successful'],
  'certificates.k8s.io/certificatesigningrequests': ['spec.signerName'],
  'certificates.k8s.io/podcertificaterequests': ['spec.signerName', 'spec.podName', 'spec.nodeName'],
  'resource.k8s.io/resourceslices': ['spec.nodeName', 'spec.driver'],
  'networking.k8s.io/ipaddresses': ['spec.parentRef.name'],
};

/** Fields whose value does not lie where their name says. */
const SPECIAL: Readonly<Record<string, (object: Source) => string>> = {
  name: (object) => textAt(object, ['metadata', 'name']),
  source: (object) => textAt(object, ['source', 'component']) || textAt(object, ['reportingComponent']),
  reportingComponent: (object) => textAt(object, ['reportingComponent']),
  'status.successful': (object) => textAt(object, ['status', 'succeeded']) || '0',
  'status.replicas': (object) => textAt(object, ['status', 'replicas']) || '0',
  'spec.unschedulable': (object) => textAt(object, ['spec', 'unschedulable']) || 'false',
  'spec.hostNetwork': (object) => textAt(object, ['spec', 'hostNetwork']) || 'false',
};

/** The fields that a resource's field selectors may name, and how to read them. */
export class SelectableFields {
  private readonly readers: readonly { name: string; read(object: Source): string }[];
  private readonly names: ReadonlySet<string>;

  constructor(
    group: string,
    resource: string,
    private readonly namespaced: boolean,
  ) {
    const own = FIELDS[`${group === 'events.k8s.io' ? '' : group}/${resource}`] ?? [];
    this.readers = own.map((name) => {
      const path = name.split('.');
      return { name, read: SPECIAL[name] ?? ((object: Source) => textAt(object, path)) };
    });
    this.names = new Set([...own, 'metadata.name', ...(namespaced ? ['metadata.namespace'] : [])]);
  }

  supports(name: string): boolean {
    // Upstream takes metadata.namespace for cluster-scoped kinds too; it is empty there.
    return this.names.has(name) || name === 'metadata.namespace';
  }

  /** All values of an object, for the cache to keep. */
  of(object: { readonly metadata: KubeObject['metadata'] }): Record<string, string> {
    const values: Record<string, string> = { 'metadata.name': object.metadata.name ?? '' };
    if (this.namespaced) values['metadata.namespace'] = object.metadata.namespace ?? '';
    for (const { name, read } of this.readers) values[name] = read(object as Source & typeof object);
    return values;
  }

  /** The text of the 400 for a field that is not supported. */
  refusal(name: string): string {
    if (this.readers.length > 0) return `field label not supported: ${name}`;
    return `${JSON.stringify(name)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  }
}
