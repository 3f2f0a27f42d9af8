import type { corev1 } from '../../gen';
import { keepField, kindRules } from '../../strategy/kind-rules';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { isExternallyAccessible } from './defaults';

type Service = Loose<corev1.Service>;
type Spec = Loose<corev1.ServiceSpec>;

const needsClusterIp = ({ type }: Spec): boolean => type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
const needsNodePorts = ({ type, allocateLoadBalancerNodePorts }: Spec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
/** A load balancer that gets none by itself may keep those that it has. */
const mayHaveNodePorts = ({ type }: Spec): boolean => type === 'NodePort' || type === 'LoadBalancer';
export const needsHealthCheckNodePort = ({ type, externalTrafficPolicy }: Spec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

const nodePortsOf = (spec: Spec): Set<number> => new Set(list(spec.ports).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])));

/** Ports that the update leaves open keep their numbers, by name, unless another port has taken the number. */
function keepNodePorts(spec: Spec, old: Spec): void {
  const now = nodePortsOf(spec);
  const used = new Set([...nodePortsOf(old)].filter((port) => now.has(port)));
  const byName = new Map(list(old.ports).map(({ name = '', nodePort }) => [name, nodePort]));
  for (const port of list(spec.ports)) {
    if (port.nodePort) continue;
    const before = byName.get(port.name ?? '');
    if (!before || used.has(before)) continue;
    port.nodePort = before;
    used.add(before);
  }
}

/** What the server chose stays when the client says nothing of it. */
function keepAllocated(spec: Spec, old: Spec): void {
  if (needsClusterIp(old) && needsClusterIp(spec)) {
    if (!spec.clusterIP) keepField(spec, old, 'clusterIP');
    if (list(spec.clusterIPs).length === 0 && spec.clusterIP === old.clusterIP) keepField(spec, old, 'clusterIPs');
  }
  if (needsNodePorts(old) && needsNodePorts(spec)) keepNodePorts(spec, old);
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(spec) && !spec.healthCheckNodePort) keepField(spec, old, 'healthCheckNodePort');
}

/** `clusterIP` and the first of `clusterIPs` are one: whichever the client changed wins. */
function normaliseClusterIps(spec: Spec, old: Spec | undefined): void {
  if (old === undefined) {
    if (spec.clusterIP && list(spec.clusterIPs).length === 0) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const sameList = semanticEqual(spec.clusterIPs, old.clusterIPs);
  if (spec.clusterIP !== old.clusterIP) {
    if (!spec.clusterIP && sameList) delete spec.clusterIPs;
    else if (spec.clusterIP && sameList) spec.clusterIPs = [spec.clusterIP];
  }
}

/** A change of type takes away what the new type has no use for, unless the client set it anew. */
function dropTypeDependent(spec: Spec, old: Spec): void {
  const sameField = (field: keyof Spec): boolean => semanticEqual(spec[field], old[field]);
  const drop = (...fields: (keyof Spec)[]): void => {
    for (const field of fields) delete spec[field];
  };
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    // Who names one of the two only has not changed the other.
    if (sameField('clusterIP') && (sameField('clusterIPs') || list(spec.clusterIPs).length === 0)) drop('clusterIP', 'clusterIPs');
    if (sameField('ipFamilies')) drop('ipFamilies');
    if (sameField('ipFamilyPolicy')) drop('ipFamilyPolicy');
  }
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(spec) && [...nodePortsOf(spec)].every((port) => nodePortsOf(old).has(port)))
    for (const port of list(spec.ports)) delete port.nodePort;
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(spec) && sameField('healthCheckNodePort')) drop('healthCheckNodePort');
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (sameField('allocateLoadBalancerNodePorts')) drop('allocateLoadBalancerNodePorts');
    if (sameField('loadBalancerClass')) drop('loadBalancerClass');
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec) && sameField('externalTrafficPolicy')) drop('externalTrafficPolicy');
}

/** Traffic within the cluster goes by no policy where it leads out of it: what a client says of that is taken and forgotten, as upstream does. */
function dropUnusedPolicy(spec: Spec): void {
  if (spec.type === 'ExternalName') delete spec.internalTrafficPolicy;
}

/** Addresses, families and node ports that are still open afterwards are chosen by the registry. */
export const serviceRules = kindRules<Service>({
  createOnUpdate: true,
  initialStatus: () => ({ loadBalancer: {} }),
  onCreate(service) {
    const spec = (service.spec ??= {});
    normaliseClusterIps(spec, undefined);
    dropUnusedPolicy(spec);
  },
  onUpdate(service, old) {
    const spec = (service.spec ??= {});
    const before = old.spec ?? {};
    keepAllocated(spec, before);
    normaliseClusterIps(spec, before);
    dropTypeDependent(spec, before);
    dropUnusedPolicy(spec);
    if (spec.type !== 'LoadBalancer' && service.status?.loadBalancer) service.status = { ...service.status, loadBalancer: {} };
  },
  returnsDeleted: true,
});
