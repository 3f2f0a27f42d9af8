import { storageClassOf, type corev1, type storagev1 } from '@navarch/api';
import { always, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import { usesClaim } from './volume-claims';
import { signVolumes } from './sign-volumes';

const refused = refusal('node(s) exceed max volume count');

/** Volume, by a name of its own -> the driver that attaches it. */
type Attachments = Map<string, string>;

/** A driver has come to the node, or attaches more volumes there than before; without a limit it attaches any number. */
const takesMore: QueueingHint = (_pod, { before, after }) => {
  const limits = (csiNode: unknown): Map<string, number> => new Map((csiNode as storagev1.CSINode).spec.drivers.map(({ name, allocatable }) => [name, allocatable?.count ?? Infinity]));
  if (before === undefined || after === undefined) return true;
  const earlier = limits(before);
  return [...limits(after)].some(([name, count]) => count > (earlier.get(name) ?? -1));
};

/** No more volumes of a driver on a node than it said it can attach there (CSINode). */
export const nodeVolumeLimits: SchedulerPlugin = {
  name: 'NodeVolumeLimits',
  hints: { CSINodeAdd: always, CSINodeUpdate: takesMore, AssignedPodDelete: hadVolumes(), PersistentVolumeClaimAdd: usesClaim, VolumeAttachmentDelete: always, NodeAdd: always },
  sign: signVolumes,
  preFilter: (pod, state) => {
    const wanted: Attachments = new Map();
    addVolumes(wanted, pod, state);
    if (wanted.size === 0) return undefined;
    const drivers = mustBeInstalled(wanted, state);
    const attachedTo = attachmentsByNode(state);
    return (node) => {
      const missing = drivers.find((driver) => !isInstalled(driver, node.name, state));
      if (missing !== undefined) return refusal(`${missing} CSI driver is not installed on the node`);
      const limits = limitsOf(node.name, state);
      if (limits.size === 0) return undefined;
      const attached: Attachments = new Map();
      for (const placed of node.pods.values()) addVolumes(attached, placed, state);
      // What is attached and has no pod (any more, or yet) takes its place too.
      for (const [volume, driver] of attachedTo.get(node.name) ?? []) attached.set(volume, driver);
      const counts = new Map<string, number>();
      const count = (driver: string): void => void counts.set(driver, (counts.get(driver) ?? 0) + 1);
      for (const driver of attached.values()) count(driver);
      const added = [...wanted].filter(([volume]) => !attached.has(volume));
      for (const [, driver] of added) count(driver);
      return added.some(([, driver]) => (counts.get(driver) ?? 0) > (limits.get(driver) ?? Infinity)) ? refused : undefined;
    };
  },
};

function hadVolumes(): QueueingHint {
  return (_pod, { before }) =>
    before === undefined ||
    ((before as corev1.Pod).spec?.volumes ?? []).some(
      (volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined || volume.csi !== undefined,
    );
}

/** Drivers of wanted volumes whose CSIDriver says that pods go only where they are. */
function mustBeInstalled(wanted: Attachments, state: ClusterState): string[] {
  return [...new Set(wanted.values())].filter((driver) => state.objects.csiDrivers.get({ namespace: '', name: driver })?.spec.preventPodSchedulingIfMissing === true);
}

function isInstalled(driver: string, node: string, state: ClusterState): boolean {
  return state.objects.csiNodes.get({ namespace: '', name: node })?.spec.drivers.some(({ name }) => name === driver) === true;
}

function attachmentsByNode(state: ClusterState): ReadonlyMap<string, Attachments> {
  const byNode = new Map<string, Attachments>();
  for (const { spec: { nodeName, attacher, source } } of state.objects.volumeAttachments.list()) {
    const csi = state.reservations.volumes.get({ namespace: '', name: source.persistentVolumeName ?? '' })?.spec?.csi;
    if (csi === undefined) continue;
    const attachments: Attachments = byNode.get(nodeName) ?? new Map<string, string>();
    byNode.set(nodeName, attachments.set(`${attacher}/${csi.volumeHandle}`, attacher));
  }
  return byNode;
}

function limitsOf(node: string, state: ClusterState): ReadonlyMap<string, number> {
  const drivers = state.objects.csiNodes.get({ namespace: '', name: node })?.spec.drivers ?? [];
  return new Map(drivers.flatMap(({ name, allocatable }) => (allocatable?.count === undefined ? [] : [[name, allocatable.count] as const])));
}

function addVolumes(into: Attachments, pod: PodInfo, state: ClusterState): void {
  for (const name of pod.claims) {
    const claim = state.reservations.claims.get({ namespace: pod.namespace, name });
    if (claim === undefined) continue;
    const volume = state.reservations.volumes.get({ namespace: '', name: claim.spec?.volumeName ?? '' });
    const csi = volume?.spec?.csi;
    if (csi !== undefined) into.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    else if (volume === undefined) {
      // Not made yet: its class says who will.
      const provisioner = state.objects.storageClasses.get({ namespace: '', name: storageClassOf(claim) })?.provisioner;
      if (provisioner !== undefined) into.set(`${provisioner}/${pod.namespace}/${name}`, provisioner);
    }
  }
}
