import { dns1123SubdomainMessages, fieldErrors, FieldPath, validateLabels } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { ipFamilyOf, notSpecialIp, validCidr, validIp } from '../../validation/ip';
import { contentRules } from '../../validation/kind-validation';
import { labelName } from '../../validation/name-rules';
import { choice, dnsLabel, type Findings, oneOf, portNumber, portNumberOrName, present, qualifiedName, refuse, supported } from '../../validation/rules';
import { protocols } from '../pod/validation/containers';
import { validateClusterIpChange, validateClusterIps } from './cluster-ip-validation';
import { isExternallyAccessible } from './defaults';
import { isHeadless } from './headless';
import { needsHealthCheckNodePort } from './strategy';
import { formerTopologyHints, loadBalancerWarnings, serviceWarnings, topologyMode } from './warnings';

type Service = Loose<corev1.Service>;
type Spec = Loose<corev1.ServiceSpec>;

const specPath = FieldPath.of('spec');
const portsPath = specPath.child('ports');
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
/** One day. */
const maxAffinitySeconds = 86400;

function validatePorts(spec: Spec, found: Findings): void {
  const ports = list(spec.ports);
  const names = new Set<string>();
  ports.forEach(({ name = '', port = 0, protocol, targetPort, appProtocol }, i) => {
    const at = portsPath.index(i);
    if (name === '') {
      if (ports.length > 1) found.push(fieldErrors.required(at.child('name')));
    } else {
      dnsLabel(name, at.child('name'), found);
      if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
      names.add(name);
    }
    portNumber(port, at.child('port'), found);
    choice(protocol, protocols, at.child('protocol'), found);
    portNumberOrName(targetPort, at.child('targetPort'), found);
    if (appProtocol !== undefined) qualifiedName(appProtocol, at.child('appProtocol'), found);
  });
}

/** A port, and a node port, can be given once for each protocol. */
function validateUniquePorts(spec: Spec, found: Findings): void {
  const nodePorts = new Set<string>();
  const ports = new Set<string>();
  list(spec.ports).forEach(({ protocol = '', port = 0, nodePort }, i) => {
    if (nodePort) {
      if (spec.type === 'ClusterIP') found.push(fieldErrors.forbidden(portsPath.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
      const key = `${protocol}/${nodePort}`;
      if (nodePorts.has(key)) found.push(fieldErrors.duplicate(portsPath.index(i).child('nodePort'), nodePort));
      nodePorts.add(key);
    }
    const key = `${protocol}/${port}`;
    // As upstream's own type prints.
    if (ports.has(key)) found.push(fieldErrors.duplicate(portsPath.index(i), { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 }));
    ports.add(key);
  });
}

function validateType(spec: Spec, found: Findings): void {
  const { type, externalName = '' } = spec;
  if (list(spec.ports).length === 0 && !isHeadless(spec) && type !== 'ExternalName') found.push(fieldErrors.required(portsPath));
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    found.push(fieldErrors.invalid(specPath.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${type} services`));
  if (type !== 'ExternalName') return;
  for (const field of ['clusterIPs', 'ipFamilies'] as const)
    if (list(spec[field]).length > 0) found.push(fieldErrors.forbidden(specPath.child(field), 'may not be set for ExternalName services'));
  if (spec.ipFamilyPolicy !== undefined) found.push(fieldErrors.forbidden(specPath.child('ipFamilyPolicy'), 'may not be set for ExternalName services'));
  // A name may end in a dot, which makes it absolute.
  const name = externalName.replace(/\.$/, '');
  if (present(name, specPath.child('externalName'), found)) refuse(dns1123SubdomainMessages(name), name, specPath.child('externalName'), found);
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: Spec, found: Findings): void {
  choice(sessionAffinity, ['ClientIP', 'None'], specPath.child('sessionAffinity'), found);
  const path = specPath.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && sessionAffinityConfig) found.push(fieldErrors.forbidden(path, 'must not be set when session affinity is None'));
  if (sessionAffinity !== 'ClientIP') return;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (!sessionAffinityConfig) found.push(fieldErrors.required(path, 'when session affinity type is ClientIP'));
  else if (!sessionAffinityConfig.clientIP) found.push(fieldErrors.required(path.child('clientIP'), 'when session affinity type is ClientIP'));
  else if (seconds === undefined) found.push(fieldErrors.required(path.child('clientIP', 'timeoutSeconds'), 'when session affinity type is ClientIP'));
  else if (seconds <= 0 || seconds > maxAffinitySeconds)
    found.push(fieldErrors.invalid(path.child('clientIP', 'timeoutSeconds'), seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`));
}

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";

function validateLoadBalancer(spec: Spec, old: Spec | undefined, found: Findings): void {
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const ranges = list(spec.loadBalancerSourceRanges);
  // Upstream's name for the field.
  const path = specPath.child('LoadBalancerSourceRanges');
  if (ranges.length > 0 && !isLoadBalancer) found.push(fieldErrors.forbidden(path, onlyLoadBalancer));
  const before = new Set(list(old?.loadBalancerSourceRanges).map((range) => range.trim()));
  ranges.forEach((range, i) => validCidr(range.trim(), path.index(i), found, before));
  const { allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  if (isLoadBalancer && allocateLoadBalancerNodePorts === undefined) found.push(fieldErrors.required(specPath.child('allocateLoadBalancerNodePorts')));
  if (!isLoadBalancer && allocateLoadBalancerNodePorts !== undefined) found.push(fieldErrors.forbidden(specPath.child('allocateLoadBalancerNodePorts'), onlyLoadBalancer));
  if (loadBalancerClass === undefined) return;
  qualifiedName(loadBalancerClass, specPath.child('loadBalancerClass'), found);
  if (!isLoadBalancer) found.push(fieldErrors.forbidden(specPath.child('loadBalancerClass'), onlyLoadBalancer));
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const annotationsPath = FieldPath.of('metadata', 'annotations');

/** What was said in annotations before there were fields for it is held to the same. */
function validateAnnotations({ metadata, spec }: Service, old: Service | undefined, found: Findings): void {
  const annotations = metadata?.annotations ?? {};
  const ranges = annotations[rangesAnnotation];
  const path = annotationsPath.key(rangesAnnotation);
  if (ranges !== undefined && list(spec?.loadBalancerSourceRanges).length === 0) {
    if (spec?.type !== 'LoadBalancer') found.push(fieldErrors.forbidden(path, onlyLoadBalancer));
    const before = new Set((old?.metadata?.annotations?.[rangesAnnotation] ?? '').split(',').map((range) => range.trim()));
    if (ranges.trim() !== '') for (const range of ranges.split(',')) validCidr(range.trim(), path, found, before);
  }
  const [hints, mode] = [annotations[formerTopologyHints], annotations[topologyMode]];
  if (hints !== undefined && mode !== undefined && hints !== mode) found.push(fieldErrors.invalid(annotationsPath.key(topologyMode), mode, `must match annotations[${formerTopologyHints}] when both are specified`));
}

function validateTraffic(spec: Spec, found: Findings): void {
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort, trafficDistribution } = spec;
  if (isExternallyAccessible(spec)) choice(externalTrafficPolicy, ['Cluster', 'Local'], specPath.child('externalTrafficPolicy'), found);
  else if (externalTrafficPolicy) found.push(fieldErrors.invalid(specPath.child('externalTrafficPolicy'), externalTrafficPolicy, 'may only be set for externally-accessible services'));
  if (healthCheckNodePort && needsHealthCheckNodePort(spec)) portNumber(healthCheckNodePort, specPath.child('healthCheckNodePort'), found);
  else if (healthCheckNodePort)
    found.push(fieldErrors.invalid(specPath.child('healthCheckNodePort'), healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  const internalPath = specPath.child('internalTrafficPolicy');
  if (internalTrafficPolicy !== undefined) oneOf(internalTrafficPolicy, ['Cluster', 'Local'], internalPath, found);
  else if (['ClusterIP', 'LoadBalancer', 'NodePort'].includes(spec.type ?? '')) found.push(fieldErrors.required(internalPath));
  if (trafficDistribution !== undefined) oneOf(trafficDistribution, ['PreferClose', 'PreferSameZone', 'PreferSameNode'], specPath.child('trafficDistribution'), found);
}

function content(service: Service, old: Service | undefined): Findings {
  const { spec = {} } = service;
  const found: Findings = [];
  validateType(spec, found);
  validatePorts(spec, found);
  found.push(...validateLabels(spec.selector as Record<string, string> | undefined, specPath.child('selector')));
  validateAffinity(spec, found);
  validateClusterIps(spec, new Set(list(old?.spec?.clusterIPs)), found);
  const external = new Set(list(old?.spec?.externalIPs));
  list(spec.externalIPs).forEach((ip, i) => {
    const at = specPath.child('externalIPs').index(i);
    if (validIp(ip, at, found, external)) notSpecialIp(ip, at, found);
  });
  choice(spec.type, types, specPath.child('type'), found);
  validateUniquePorts(spec, found);
  validateLoadBalancer(spec, old?.spec, found);
  validateAnnotations(service, old, found);
  validateTraffic(spec, found);
  return found;
}

function change(service: Service, old: Service): Findings {
  const found: Findings = [];
  const [spec, before] = [service.spec ?? {}, old.spec ?? {}];
  validateClusterIpChange(spec, before, found);
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer' && spec.loadBalancerClass !== before.loadBalancerClass)
    found.push(fieldErrors.invalid(specPath.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set'));
  if (needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(before) && spec.healthCheckNodePort !== before.healthCheckNodePort)
    found.push(fieldErrors.forbidden(specPath.child('healthCheckNodePort'), 'field is immutable'));
  return found;
}

function status({ spec, status: { loadBalancer } = {} }: Service, old: Service): Findings {
  const found: Findings = [];
  const before = new Set(list(old.status?.loadBalancer?.ingress).flatMap(({ ip }) => ip ?? []));
  const path = FieldPath.of('status', 'loadBalancer', 'ingress');
  if (spec?.type !== 'LoadBalancer' && list(loadBalancer?.ingress).length > 0) return [fieldErrors.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  list(loadBalancer?.ingress).forEach(({ ip, hostname, ipMode }, i) => {
    const at = path.index(i);
    if (ip) validIp(ip, at.child('ip'), found, before);
    if (ip && ipMode === undefined) found.push(fieldErrors.required(at.child('ipMode'), 'must be specified when `ip` is set'));
    if (!ip && ipMode !== undefined) found.push(fieldErrors.forbidden(at.child('ipMode'), 'may not be specified when `ip` is not set'));
    supported(ipMode, ['Proxy', 'VIP'], at.child('ipMode'), found);
    if (!hostname) return;
    refuse(dns1123SubdomainMessages(hostname), hostname, at.child('hostname'), found);
    if (ipFamilyOf(hostname) !== undefined) found.push(fieldErrors.invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
  });
  return found;
}

export const serviceValidation = contentRules<Service>({ name: labelName, content, change, status, warnings: serviceWarnings, statusWarnings: loadBalancerWarnings });
