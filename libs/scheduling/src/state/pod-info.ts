import type { corev1, metav1 } from '@navarch/api';
import { podRequests } from './pod-requests';
import type { Resources } from './resources';

/** A port on the node that a pod claims. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with everything the plug-ins need worked out once. */
export interface PodInfo {
  readonly pod: corev1.Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: corev1.PodSpec;
  readonly priority: number;
  /** It has been asked to go. */
  readonly terminating: boolean;
  readonly requests: Resources;
  readonly scored: Resources;
  readonly hostPorts: readonly HostPort[];
  /** Pods of the same controller are spread. */
  readonly controllerUid: string | undefined;
  readonly requiredAffinity: readonly corev1.PodAffinityTerm[];
  readonly requiredAntiAffinity: readonly corev1.PodAffinityTerm[];
  readonly preferredAffinity: readonly corev1.WeightedPodAffinityTerm[];
  readonly preferredAntiAffinity: readonly corev1.WeightedPodAffinityTerm[];
  /** Of its containers and its image volumes. */
  readonly images: readonly string[];
  /** Names of its PersistentVolumeClaims, those of ephemeral volumes among them. */
  readonly claims: readonly string[];
  /** Where room is being made for it. */
  readonly nominatedNode: string;
}

export function podInfo(pod: corev1.Pod): PodInfo {
  const { metadata, spec = { containers: [] } } = pod;
  const { requests, scored } = podRequests(pod);
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  return {
    pod,
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    labels: metadata.labels ?? {},
    spec,
    priority: spec.priority ?? 0,
    terminating: metadata.deletionTimestamp !== undefined,
    requests,
    scored,
    hostPorts: hostPorts(spec),
    controllerUid: controllerOf(metadata)?.uid,
    requiredAffinity: podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    requiredAntiAffinity: podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAffinity: podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAntiAffinity: podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    images: [...[...(spec.initContainers ?? []), ...spec.containers].map((container) => container.image ?? ''), ...(spec.volumes ?? []).flatMap(({ image }) => image?.reference ?? [])],
    claims: claimsOf(metadata, spec),
    nominatedNode: pod.status?.nominatedNodeName ?? '',
  };
}

function controllerOf(metadata: metav1.ObjectMeta): metav1.OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

const none: readonly string[] = [];

function claimsOf({ name = '' }: metav1.ObjectMeta, { volumes }: corev1.PodSpec): readonly string[] {
  if (volumes === undefined) return none;
  return volumes.flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral === undefined ? [] : [`${name}-${volume.name}`];
  });
}

function hostPorts(spec: corev1.PodSpec): HostPort[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')];
  return containers.flatMap((container) => (container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({ ip: port.hostIP === undefined || port.hostIP === '' ? '0.0.0.0' : port.hostIP, protocol: port.protocol ?? 'TCP', port: port.hostPort ?? 0 })));
}

/** Whether a pod has any say in where others are, or they in where it is. */
export function hasAffinity(pod: PodInfo): boolean {
  return pod.requiredAffinity.length + pod.requiredAntiAffinity.length + pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
}

/** True once a pod has ended and holds nothing any more. */
export function isTerminal(pod: corev1.Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
