import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { type PressureCondition } from '../eviction/pressure';
import { apiTime } from '../pods/api-time';
import { type RuntimeFeatures } from '../runtime/runtime-state';
import { type Machine } from './machine';
import { type NodeResources, withOthersResources } from './node-resources';

/** How a node introduces itself. */
export interface NodeIdentity {
  readonly name: string;
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly corev1.Taint[];
  readonly unschedulable: boolean;
  readonly providerId: string;
  /** Where a cloud's controller gives it its addresses and says when it is ready to take pods (--cloud-provider=external): those that --node-ip names. */
  readonly cloud?: { readonly nodeIps: readonly string[] };
  /** Where its node service answers, host:port. */
  readonly nodeService: string;
  readonly port: number;
  readonly kubeletVersion: string;
}

export interface NodeFacts {
  readonly machine: Machine;
  /** What its runtime can do. */
  readonly runtime: RuntimeFeatures;
  readonly resources: NodeResources;
  /** Such as `containerd://1.6.20`. */
  readonly runtimeVersion: string;
  readonly images: readonly corev1.ContainerImage[];
  /** Attached volumes that pods here use. */
  readonly volumesInUse: readonly string[];
  /** What it is short of. */
  readonly pressure: readonly PressureCondition[];
  /** What control planes may ask of it that not every kubelet can do, by upstream's names. */
  readonly declaredFeatures: readonly string[];
  /** Why the node is not ready; empty when it is. */
  readonly notReady: string;
}

const nodeServiceAnnotation = 'navarch.io/node-service';

/** The labels a kubelet keeps on its node. */
export function nodeLabels({ hostname, labels }: NodeIdentity, architecture: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture, 'beta.kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture, 'kubernetes.io/hostname': hostname, 'kubernetes.io/os': 'linux',
    ...labels,
  };
}

/** What components read of a node that its status does not say. */
export function nodeAnnotations({ nodeService, cloud }: NodeIdentity): Record<string, string> {
  return {
    [nodeServiceAnnotation]: nodeService, 'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    ...(cloud && cloud.nodeIps.length > 0 ? { 'alpha.kubernetes.io/provided-node-ip': cloud.nodeIps.join(',') } : {}),
  };
}

/** What a cloud's controller takes away when it has looked at a new node. */
const uninitialized: corev1.Taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };

/** The object a kubelet registers. */
export function nodeObject(identity: NodeIdentity, facts: NodeFacts, nowMs: number): corev1.Node {
  const taints = [...identity.taints, ...(identity.cloud ? [uninitialized] : [])];
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: {
      name: identity.name,
      labels: nodeLabels(identity, facts.machine.architecture),
      annotations: nodeAnnotations(identity),
    },
    spec: {
      ...(identity.providerId === '' ? {} : { providerID: identity.providerId }),
      ...(taints.length === 0 ? {} : { taints }),
      ...(identity.unschedulable ? { unschedulable: true } : {}),
    },
    status: nodeStatus(identity, facts, {}, nowMs),
  };
}

/** The node's whole status; conditions keep the times of their last change. */
export function nodeStatus(identity: NodeIdentity, facts: NodeFacts, before: corev1.NodeStatus, nowMs: number): corev1.NodeStatus {
  const { machine, runtime } = facts;
  const { allocatable, capacity } = withOthersResources(facts.resources, before);
  const addresses = nodeAddresses(identity, before);
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    allocatable,
    capacity,
    conditions: nodeConditions(facts, before.conditions ?? [], nowMs),
    ...(runtime.handlers.length === 0
      ? {}
      : {
          runtimeHandlers: runtime.handlers.map((name) => ({
            name,
            features: { recursiveReadOnlyMounts: runtime.recursiveReadOnlyMounts.has(name), userNamespaces: runtime.userNamespaces.has(name) },
          })),
        }),
    ...(runtime.supplementalGroupsPolicy === undefined ? {} : { features: { supplementalGroupsPolicy: runtime.supplementalGroupsPolicy } }),
    declaredFeatures: [...facts.declaredFeatures],
    daemonEndpoints: { kubeletEndpoint: { Port: identity.port } },
    images: [...facts.images],
    volumesInUse: [...facts.volumesInUse],
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: facts.runtimeVersion,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: identity.kubeletVersion,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      ...(machine.swap.bytes > 0 ? { swap: { capacity: machine.swap.bytes } } : {}),
      systemUUID: machine.systemUuid,
    },
  };
}

/** A cloud knows a node's addresses better: what it has said stays, and before that there are those that were given, or none. */
function nodeAddresses({ addresses, hostname, cloud }: NodeIdentity, { addresses: known = [] }: corev1.NodeStatus): corev1.NodeAddress[] {
  if (cloud && known.length > 0) return known;
  const own = cloud?.nodeIps ?? addresses;
  return own.length === 0 ? [] : [...own.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: hostname }];
}

const pressureTexts = [
  { type: 'MemoryPressure', short: { reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' }, enough: { reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' } },
  { type: 'DiskPressure', short: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }, enough: { reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' } },
  { type: 'PIDPressure', short: { reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' }, enough: { reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' } },
] as const;

function nodeConditions({ notReady, pressure }: NodeFacts, before: readonly corev1.NodeCondition[], nowMs: number): corev1.NodeCondition[] {
  const verdicts = [
    ...pressureTexts.map(({ type, short, enough }) => (pressure.includes(type) ? { type, status: 'True', ...short } : { type, status: 'False', ...enough })),
    notReady === ''
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: notReady },
  ];
  const now = apiTime(nowMs);
  return verdicts.map((verdict) => {
    const old = before.find(({ type }) => type === verdict.type);
    return { ...verdict, lastHeartbeatTime: now, lastTransitionTime: old?.status === verdict.status && old.lastTransitionTime !== undefined ? old.lastTransitionTime : now };
  });
}

/** At most 50 images, largest first, with at most 5 names each: upstream's limits. */
export function nodeImages(images: readonly runtimev1.Image[], max: number): corev1.ContainerImage[] {
  return [...images].sort((a, b) => Number(b.size - a.size)).slice(0, max < 0 ? undefined : max).map(({ repoDigests, repoTags, size }) => ({
    names: [...repoDigests, ...repoTags].slice(0, 5), sizeBytes: Number(size),
  }));
}
