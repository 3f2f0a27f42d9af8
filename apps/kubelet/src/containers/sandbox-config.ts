import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { type DnsSettings } from './dns-config';
import { normalise } from '../pods/admit-sysctls';
import { containersOf, initContainersOf, isSidecar, nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { podNameLabel, podNamespaceLabel, podUidLabel } from '../runtime/labels';
import { type SandboxResources } from './sandbox-resources';
import { sandboxSecurityContext } from './security-context';

export interface SandboxInput {
  readonly pod: corev1.Pod;
  readonly attempt: number;
  readonly hostname: string;
  readonly dns: DnsSettings;
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readonly seccompRoot: string;
  readonly resources: SandboxResources;
  /** Users of the pod's own. */
  readonly users?: runtimev1.UserNamespace;
  /** Groups of the pod's volumes. */
  readonly groups?: readonly number[];
}

export function sandboxConfig({ pod, attempt, hostname, dns, logDirectory, cgroupParent, seccompRoot, resources, users, groups = [] }: SandboxInput): runtimev1.PodSandboxConfig {
  return runtimev1.PodSandboxConfig.fromPartial({
    metadata: { name: nameOf(pod), namespace: namespaceOf(pod), uid: uidOf(pod), attempt },
    // In the host's network the host's own name is seen.
    hostname: pod.spec?.hostNetwork === true ? '' : hostname,
    logDirectory,
    dnsConfig: { servers: [...dns.servers], searches: [...dns.searches], options: [...dns.options] },
    portMappings: pod.spec?.hostNetwork === true ? [] : portMappings(pod),
    labels: { ...pod.metadata.labels, [podNameLabel]: nameOf(pod), [podNamespaceLabel]: namespaceOf(pod), [podUidLabel]: uidOf(pod) },
    annotations: { ...pod.metadata.annotations },
    linux: {
      cgroupParent,
      ...resources,
      securityContext: sandboxSecurityContext(pod, seccompRoot, { users, groups }),
      // A name may have slashes in place of dots; runtimes know it by dots only.
      sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [normalise(name), value])),
    },
  });
}

/** Of what stays: a regular init container is gone before anybody could ask it. */
function portMappings(pod: corev1.Pod): runtimev1.PortMapping[] {
  return [...initContainersOf(pod).filter(isSidecar), ...containersOf(pod)].flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
    .map(({ containerPort, hostPort = 0, hostIP = '', protocol = 'TCP' }) => ({
      protocol: protocols[protocol] ?? runtimev1.Protocol.TCP, containerPort, hostPort, hostIp: hostIP,
    }));
}

const protocols: Record<string, runtimev1.Protocol> = {
  TCP: runtimev1.Protocol.TCP, UDP: runtimev1.Protocol.UDP, SCTP: runtimev1.Protocol.SCTP,
};
