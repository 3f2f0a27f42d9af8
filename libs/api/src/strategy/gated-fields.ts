/** Feature gates that are closed by default upstream, or may be closed, and that fields depend on, or what they may say. */
export const fieldGates = [
  'ClusterTrustBundleProjection', 'ContainerStopSignals', 'CoordinatedLeaderElection', 'CrossNamespaceVolumeDataSource', 'DRAListTypeAttributes', 'DRANodeAllocatableResources',
  'DRAWorkloadResourceClaims', 'GenericWorkload', 'ImageVolumeWithDigest', 'MaxUnavailableStatefulSet', 'PodCertificateRequest', 'TaintTolerationComparisonOperators', 'TopologyAwareWorkloadScheduling',
  'VolumeLimitScaling', 'WorkloadAwarePreemption',
] as const;
export type FieldGate = (typeof fieldGates)[number];

/** A field that goes while its gate is closed, unless the object had one before. */
export interface GatedField {
  readonly gate: FieldGate;
  /** The way to it; `*` stands for every item of a list and every value of a map. */
  readonly path: readonly string[];
  /** Only what has this member goes. */
  readonly having?: string;
  /** What held nothing else goes with it. */
  readonly withParent?: boolean;
}

type More = Omit<GatedField, 'gate' | 'path'>;
const field = (gate: FieldGate, path: string, more: More = {}): GatedField => ({ gate, path: path.split('.'), ...more });
const fields = (gate: FieldGate, ...paths: string[]): GatedField[] => paths.map((path) => field(gate, path));

/** Of a pod's spec: upstream's pkg/api/pod, which drops them from templates too. */
const ofPodSpec: readonly GatedField[] = [
  ...['containers', 'initContainers', 'ephemeralContainers'].map((list) => field('ContainerStopSignals', `${list}.*.lifecycle.stopSignal`, { withParent: true })),
  field('ClusterTrustBundleProjection', 'volumes.*.projected.sources.*.clusterTrustBundle'),
  field('PodCertificateRequest', 'volumes.*.projected.sources.*.podCertificate'),
  field('GenericWorkload', 'schedulingGroup'),
];

const ofPodStatus = [
  ...fields('ImageVolumeWithDigest', ...['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].map((list) => `status.${list}.*.volumeMounts.*.volumeStatus`)),
  field('DRANodeAllocatableResources', 'status.nodeAllocatableResourceClaimStatuses'),
];

const ofPodGroups = (prefix: string): GatedField[] => [
  field('TopologyAwareWorkloadScheduling', `${prefix}.schedulingConstraints`),
  field('DRAWorkloadResourceClaims', `${prefix}.resourceClaims`),
  ...fields('WorkloadAwarePreemption', `${prefix}.disruptionMode`, `${prefix}.priorityClassName`, `${prefix}.priority`),
];

/** Where kinds have the spec of a pod. */
const podSpecs: Readonly<Record<string, string>> = {
  '/pods': 'spec', '/podtemplates': 'template.spec', '/replicationcontrollers': 'spec.template.spec', 'batch/cronjobs': 'spec.jobTemplate.spec.template.spec', 'batch/jobs': 'spec.template.spec',
  'apps/daemonsets': 'spec.template.spec', 'apps/deployments': 'spec.template.spec', 'apps/replicasets': 'spec.template.spec', 'apps/statefulsets': 'spec.template.spec',
};

/** Of what else there is, as the strategies of upstream's pkg/registry drop them. */
const ofOthers: Readonly<Record<string, readonly GatedField[]>> = {
  '/persistentvolumeclaims': [field('CrossNamespaceVolumeDataSource', 'spec.dataSourceRef', { having: 'namespace' })],
  'apps/statefulsets': fields('MaxUnavailableStatefulSet', 'spec.updateStrategy.rollingUpdate.maxUnavailable'),
  'coordination.k8s.io/leases': fields('CoordinatedLeaderElection', 'spec.strategy', 'spec.preferredHolder'),
  'resource.k8s.io/resourceslices': [
    field('DRANodeAllocatableResources', 'spec.devices.*.nodeAllocatableResourceMappings'),
    ...fields('DRAListTypeAttributes', ...['bools', 'ints', 'strings', 'versions'].map((list) => `spec.devices.*.attributes.*.${list}`)),
  ],
  'scheduling.k8s.io/podgroups': [...ofPodGroups('spec'), field('DRAWorkloadResourceClaims', 'status.resourceClaimStatuses')],
  'scheduling.k8s.io/workloads': ofPodGroups('spec.podGroupTemplates.*'),
  'storage.k8s.io/csidrivers': fields('VolumeLimitScaling', 'spec.preventPodSchedulingIfMissing'),
};

/** By `<group>/<resource>`. */
export function gatedFieldsOf(key: string): readonly GatedField[] {
  const podSpec = podSpecs[key]?.split('.');
  return [
    ...(podSpec ? ofPodSpec.map((each) => ({ ...each, path: [...podSpec, ...each.path] })) : []),
    ...(key === '/pods' ? ofPodStatus : []),
    ...(ofOthers[key] ?? []),
  ];
}

type Members = Record<string, unknown>;

/** What holds the last step of a path, and how to take that holder away. */
type Visit = (holder: Members, name: string, forget: () => void) => void;

const filled = (value: unknown): boolean => value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

function visitHolders(at: unknown, path: readonly string[], visit: Visit, step = 0, forget: () => void = () => undefined): void {
  if (typeof at !== 'object' || at === null) return;
  const holder = at as Members;
  const name = path[step] ?? '';
  if (step === path.length - 1) {
    if (filled(holder[name])) visit(holder, name, forget);
    return;
  }
  for (const key of name === '*' ? Object.keys(holder) : [name]) visitHolders(holder[key], path, visit, step + 1, () => delete holder[key]);
}

function has(object: object | undefined, path: readonly string[]): boolean {
  let found = false;
  visitHolders(object, path, () => (found = true));
  return found;
}

/** Takes away what no open gate allows and the old object did not have. */
export function dropGatedFields(gated: readonly GatedField[], object: object, old: object | undefined, isOpen: (gate: FieldGate) => boolean): void {
  for (const { gate, path, having, withParent } of gated) {
    if (isOpen(gate) || !has(object, having === undefined ? path : [...path, having]) || has(old, path)) continue;
    visitHolders(object, path, (holder, name, forget) => {
      if (having !== undefined && !filled((holder[name] as Members)[having])) return;
      delete holder[name];
      if (withParent === true && Object.keys(holder).length === 0) forget();
    });
  }
}
