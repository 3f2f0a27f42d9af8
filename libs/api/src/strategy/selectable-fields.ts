import type { KubeObject } from '../kube-object';

type Reader = (object: KubeObject) => string;

/** Reads `a.b.c`; what is absent or no scalar is the empty string. */
function at(path: string): Reader {
  const steps = path.split('.');
  return (object) => {
    let value: unknown = object;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null) return '';
      value = (value as Record<string, unknown>)[step];
    }
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  };
}

const or = (reader: Reader, otherwise: string): Reader => (object) => reader(object) || otherwise;
const same = (...paths: string[]): Record<string, Reader> => Object.fromEntries(paths.map((path) => [path, at(path)]));

const event: Record<string, Reader> = {
  ...same(
    'involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion',
    'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'type',
  ),
  reportingComponent: at('reportingComponent'),
  source: (object) => at('source.component')(object) || at('reportingComponent')(object),
};

/** Fields besides name and namespace. By `<group>/<resource>`. */
const own: Readonly<Record<string, Record<string, Reader>>> = {
  '/events': event,
  'events.k8s.io/events': {
    ...event,
    // Stored under its old name, selected by its new one.
    ...Object.fromEntries(['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [`regarding.${field}`, at(`involvedObject.${field}`)])),
    reportingController: at('reportingComponent'),
  },
  '/namespaces': { ...same('status.phase'), name: at('metadata.name') },
  '/nodes': { 'spec.unschedulable': or(at('spec.unschedulable'), 'false') },
  '/pods': {
    ...same(
      'spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'status.phase', 'status.podIP', 'status.podIPs', 'status.nominatedNodeName',
    ),
    'spec.hostNetwork': or(at('spec.hostNetwork'), 'false'),
  },
  '/replicationcontrollers': { 'status.replicas': or(at('status.replicas'), '0') },
  '/secrets': same('type'),
  '/services': same('spec.clusterIP', 'spec.type'),
  'apps/replicasets': { 'status.replicas': or(at('status.replicas'), '0') },
  'batch/jobs': { 'status.successful': or(at('status.succeeded'), '0') },
  'certificates.k8s.io/certificatesigningrequests': same('spec.signerName'),
  'certificates.k8s.io/clustertrustbundles': same('spec.signerName'),
  'certificates.k8s.io/podcertificaterequests': same('spec.signerName', 'spec.podName', 'spec.nodeName'),
  'networking.k8s.io/ipaddresses': same('spec.parentRef.group', 'spec.parentRef.resource', 'spec.parentRef.namespace', 'spec.parentRef.name'),
  'resource.k8s.io/resourceslices': same('spec.nodeName', 'spec.driver'),
};

const metadata: Record<string, Reader> = { 'metadata.name': at('metadata.name'), 'metadata.namespace': at('metadata.namespace') };

/**
 * The fields that a field selector on this resource may name, and how to read them from the stored object. A namespace is
 * a field of cluster-scoped kinds too, and empty there.
 */
export function selectableFields(group: string, resource: string): Readonly<Record<string, (object: KubeObject) => string>> {
  return { ...metadata, ...own[`${group}/${resource}`] };
}

/** The text of the 400 for a field that a resource does not have. */
export function unknownFieldMessage(group: string, resource: string, field: string): string {
  if (own[`${group}/${resource}`] === undefined) return `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
  return `field label not supported: ${field}`;
}
