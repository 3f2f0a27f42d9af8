/** How much of an object a change on NATS carries. */
export type PublishedBody = 'full' | 'metadata' | 'key';

/** Kinds whose changes travel on NATS in full: what components follow in bulk and what holds no secrets. */
const FULL = new Set([
  '/pods', '/nodes', '/services', '/endpoints', '/namespaces', '/replicationcontrollers',
  'apps/deployments', 'apps/replicasets', 'apps/statefulsets', 'apps/daemonsets', 'batch/jobs', 'batch/cronjobs',
  'discovery.k8s.io/endpointslices', 'coordination.k8s.io/leases', 'networking.k8s.io/networkpolicies', 'policy/poddisruptionbudgets',
  'autoscaling/horizontalpodautoscalers',
]);

/** Kinds of which not even the metadata travels: annotations of these have held secrets. */
const KEY_ONLY = new Set([
  '/secrets', '/configmaps', '/serviceaccounts', 'certificates.k8s.io/certificatesigningrequests', 'certificates.k8s.io/podcertificaterequests',
]);

/** Built-in or custom, by its group and plural name. */
export function publishedBodyOf(group: string, resource: string): PublishedBody {
  const name = `${group}/${resource}`;
  if (FULL.has(name)) return 'full';
  return KEY_ONLY.has(name) ? 'key' : 'metadata';
}
