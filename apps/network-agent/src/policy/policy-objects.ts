import type { corev1, metav1, networkingv1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 'ip' | 'ip6';

/** What policies are made into rules from. */
export interface PolicyWorld {
  readonly policies: readonly networkingv1.NetworkPolicy[];
  readonly pods: readonly corev1.Pod[];
  readonly namespaces: readonly corev1.Namespace[];
  /** The node whose pods are guarded here. */
  readonly nodeName: string;
  /** The ranges that only this node's pods have addresses of; empty where another plug-in gives addresses. */
  readonly podRanges: readonly string[];
}

/** A pod with an address of its own. Pods in the node's network are nobody that a selector could mean. */
export interface NetworkPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeName: string | undefined;
  readonly addresses: readonly string[];
  /** Named ports: `name` to `protocol . number`. */
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

export function networkPods(pods: readonly corev1.Pod[], family: Family): NetworkPod[] {
  const isOfFamily = family === 'ip' ? isIPv4 : isIPv6;
  return pods.flatMap(({ metadata, spec, status }) => {
    if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
    const addresses = [...new Set([...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP ?? ''])].filter(isOfFamily);
    if (addresses.length === 0) return [];
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
    return [{
      namespace: metadata.namespace ?? '', name: metadata.name ?? '', labels: metadata.labels ?? {}, nodeName: spec?.nodeName, addresses,
      ports: containers.flatMap(({ ports = [] }) => ports).flatMap(({ name, protocol = 'TCP', containerPort }) => (name === undefined ? [] : [{ name, protocol: protocol.toLowerCase(), port: containerPort }])),
    }];
  });
}

/** Directions that a policy isolates; without policyTypes, as upstream defaults them. */
export function directions({ spec }: networkingv1.NetworkPolicy): ReadonlySet<'ingress' | 'egress'> {
  const types = spec?.policyTypes ?? ['Ingress', ...((spec?.egress ?? []).length > 0 ? ['Egress'] : [])];
  return new Set(types.map((type) => type.toLowerCase() as 'ingress' | 'egress'));
}

/** Pods that a peer means, as seen from a policy in `namespace`. */
export function peerPods(peer: networkingv1.NetworkPolicyPeer, namespace: string, pods: readonly NetworkPod[], labelsOf: (namespace: string) => Readonly<Record<string, string>>): NetworkPod[] {
  const { namespaceSelector, podSelector } = peer;
  const inNamespace = (pod: NetworkPod): boolean => (namespaceSelector === undefined ? pod.namespace === namespace : matchesLabelSelector(namespaceSelector, labelsOf(pod.namespace)));
  return pods.filter((pod) => inNamespace(pod) && (podSelector === undefined || matches(podSelector, pod)));
}

export const matches = (selector: metav1.LabelSelector | undefined, pod: NetworkPod): boolean => matchesLabelSelector(selector ?? {}, pod.labels);
