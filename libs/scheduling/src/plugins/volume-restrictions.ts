import type { corev1 } from '@navarch/api';
import { always, refusal, type PreFilterResult, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import { signVolumes } from './sign-volumes';
import { usesClaim } from './volume-claims';

const inUse = refusal('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode');
const diskConflict = refusal('node(s) had no available disk');

/** A claim for one pod only has one pod; disks that one node may mount once are mounted once. */
export const volumeRestrictions: SchedulerPlugin = {
  name: 'VolumeRestrictions',
  hints: { AssignedPodDelete: sharesVolume(), PersistentVolumeClaimAdd: usesClaim, NodeAdd: always },
  sign: signVolumes,
  preFilter: (pod, state): PreFilterResult | undefined => {
    const exclusive = pod.claims.filter((name) => isExclusive(pod, name, state));
    const disks = (pod.spec.volumes ?? []).filter(isSingleDisk);
    if (exclusive.length === 0 && disks.length === 0) return undefined;
    const isUsed = exclusive.some((name) => state.usersOfClaim(pod.namespace, name) > 0);
    return {
      filter: (node) => {
        if (disks.length > 0) for (const placed of node.pods.values()) for (const used of placed.spec.volumes ?? []) if (disks.some((disk) => conflict(disk, used))) return diskConflict;
        return isUsed ? inUse : undefined;
      },
    };
  },
};

function isExclusive(pod: PodInfo, name: string, state: ClusterState): boolean {
  return state.reservations.claims.get({ namespace: pod.namespace, name })?.spec?.accessModes?.includes('ReadWriteOncePod') === true;
}

function sharesVolume(): QueueingHint {
  return (pod, { before }) => {
    if (before === undefined) return true;
    const gone = (before as corev1.Pod).spec?.volumes ?? [];
    const claims = gone.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);
    return (before.metadata.namespace === pod.namespace && pod.claims.some((name) => claims.includes(name))) || (pod.spec.volumes ?? []).some((volume) => gone.some((used) => conflict(volume, used)));
  };
}

const isSingleDisk = ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: corev1.Volume): boolean => [gcePersistentDisk, awsElasticBlockStore, iscsi, rbd].some((disk) => disk !== undefined);

/** Whether two volumes are the same disk and cannot both be mounted on one node. */
function conflict(a: corev1.Volume, b: corev1.Volume): boolean {
  const bothReadOnly = (left: { readonly readOnly?: boolean }, right: { readonly readOnly?: boolean }): boolean => left.readOnly === true && right.readOnly === true;
  if (a.gcePersistentDisk !== undefined && b.gcePersistentDisk !== undefined) {
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !bothReadOnly(a.gcePersistentDisk, b.gcePersistentDisk);
  }
  if (a.awsElasticBlockStore !== undefined && b.awsElasticBlockStore !== undefined) return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  if (a.iscsi !== undefined && b.iscsi !== undefined) return a.iscsi.iqn === b.iscsi.iqn && !bothReadOnly(a.iscsi, b.iscsi);
  if (a.rbd === undefined || b.rbd === undefined) return false;
  const [left, right] = [a.rbd, b.rbd];
  return left.monitors.some((monitor) => right.monitors.includes(monitor)) && (left.pool ?? 'rbd') === (right.pool ?? 'rbd') && left.image === right.image && !bothReadOnly(left, right);
}
