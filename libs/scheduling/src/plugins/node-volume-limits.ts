import type { corev1 } from '@navarch/api';
import { always, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import { classOf } from './volume-claims';

const refused = refusal('node(s) exceed max volume count');

/** Volume, by a name of its own -> the driver that attaches it. */
type Attachments = Map<string, string>;

/** No more volumes of a driver on a node than it said it can attach there (CSINode). */
export const nodeVolumeLimits: SchedulerPlugin = {
  name: 'NodeVolumeLimits',
  hints: { CSINodeAdd: always, CSINodeUpdate: always, AssignedPodDelete: hadVolumes(), PersistentVolumeClaimAdd: always, VolumeAttachmentDelete: always, NodeAdd: always },
  preFilter: (pod, state) => {
    const wanted: Attachments = new Map();
    addVolumes(wanted, pod, state);
    if (wanted.size === 0) return undefined;
    return (node) => {
      const limits = limitsOf(node.name, state);
      if (limits.size === 0) return undefined;
      const attached: Attachments = new Map();
      for (const placed of node.pods.values()) addVolumes(attached, placed, state);
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
  return (_pod, { before }) => before === undefined || ((before as corev1.Pod).spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined || volume.csi !== undefined);
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
      const provisioner = state.objects.storageClasses.get({ namespace: '', name: classOf(claim) })?.provisioner;
      if (provisioner !== undefined) into.set(`${provisioner}/${pod.namespace}/${name}`, provisioner);
    }
  }
}
