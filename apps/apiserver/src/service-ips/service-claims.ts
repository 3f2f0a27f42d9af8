import type { corev1, KubeObject } from '@navarch/api';

export interface ServiceObject extends KubeObject {
  spec?: corev1.ServiceSpec;
}

/** What a Service holds besides itself: addresses, and node ports as `TCP-30080`. */
export interface Claims {
  readonly addresses: ReadonlySet<string>;
  readonly nodePorts: ReadonlySet<string>;
}

export const nodePortKey = (protocol: string | undefined, port: number): string => `${protocol ?? 'TCP'}-${port}`;

/** The claims that follow from a Service as it is. */
export function claimsOf(service: ServiceObject): Claims {
  const spec = service.spec ?? ({});
  const addresses = new Set((spec.clusterIPs ?? [spec.clusterIP ?? '']).filter((address) => address !== '' && address !== 'None'));
  const nodePorts = new Set<string>();
  for (const { nodePort, protocol } of spec.ports ?? []) if (nodePort) nodePorts.add(nodePortKey(protocol, nodePort));
  if (spec.healthCheckNodePort) nodePorts.add(nodePortKey('TCP', spec.healthCheckNodePort));
  return { addresses, nodePorts };
}

export const wantsAddress = ({ spec }: ServiceObject): boolean => spec?.type !== 'ExternalName' && spec?.clusterIP !== 'None';

export function wantsNodePorts({ spec }: ServiceObject): boolean {
  return spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

export const wantsHealthCheckPort = ({ spec }: ServiceObject): boolean => spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
