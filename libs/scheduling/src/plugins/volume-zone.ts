import { storageClassOf, type corev1, type storagev1 } from '@navarch/api';
import { always, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import { claimsOf, usesClaim, waitsForConsumer } from './volume-claims';
import { signVolumes } from './sign-volumes';

const refused = refusal('node(s) had no available volume zone', true);
/** Labels of volumes that say where they are, and what nodes call the same; nodes may have the old name too. */
const labels: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};

/** Zones as a label lists them (`a__b`); undefined for a list with a gap, which says nothing. */
function zonesOf(value: string): readonly string[] | undefined {
  const zones = value.split('__').map((zone) => zone.trim());
  return zones.includes('') ? undefined : zones;
}

/** Why a claim without a volume keeps its pod waiting; undefined if it waits for the pod instead. */
function whyUnbound(claim: corev1.PersistentVolumeClaim, state: ClusterState): string | undefined {
  const className = storageClassOf(claim);
  if (className === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
  if (state.objects.storageClasses.get({ namespace: '', name: className }) === undefined) return `storageclass.storage.k8s.io "${className}" not found`;
  return waitsForConsumer(claim, state) ? undefined : 'PersistentVolume had no name';
}

const waitsForPods: QueueingHint = (_pod, { after }) => {
  const storageClass: storagev1.StorageClass | undefined = after as storagev1.StorageClass | undefined;
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
};

/** A volume that is new, or says that it is elsewhere. */
const isElsewhere: QueueingHint = (_pod, { before, after }) => before === undefined || Object.keys(labels).some((label) => before.metadata.labels?.[label] !== after?.metadata.labels?.[label]);

/** A volume that says which zone it is in is used only from there. */
export const volumeZone: SchedulerPlugin = {
  name: 'VolumeZone',
  hints: {
    NodeAdd: always,
    NodeUpdateNodeLabel: always,
    PersistentVolumeClaimAdd: usesClaim,
    PersistentVolumeClaimUpdate: usesClaim,
    PersistentVolumeAdd: isElsewhere,
    PersistentVolumeUpdate: isElsewhere,
    StorageClassAdd: waitsForPods,
  },
  sign: signVolumes,
  preFilter: (pod, state) => {
    if (pod.claims.length === 0) return undefined;
    const claims = claimsOf(pod, state);
    if ('refused' in claims) return { refused: claims.refused, unresolvable: true };
    const wanted: { readonly label: string; readonly values: readonly string[] }[] = [];
    for (const claim of claims) {
      const name = claim.spec?.volumeName ?? '';
      if (name === '') {
        const why = whyUnbound(claim, state);
        if (why !== undefined) return { refused: why, unresolvable: true };
        continue;
      }
      const volume = state.reservations.volumes.get({ namespace: '', name });
      if (volume === undefined) return { refused: `persistentvolume "${name}" not found`, unresolvable: true };
      for (const [label, value] of Object.entries(volume.metadata.labels ?? {})) {
        const values = Object.hasOwn(labels, label) ? zonesOf(value) : undefined;
        if (values !== undefined) wanted.push({ label, values });
      }
    }
    if (wanted.length === 0) return undefined;
    return (node) => {
      // Nodes that say nothing of zones belong to a cluster of one.
      if (!Object.keys(node.labels).some((label) => Object.hasOwn(labels, label))) return undefined;
      return wanted.every(({ label, values }) => values.includes(node.labels[label] ?? node.labels[labels[label] ?? ''] ?? '')) ? undefined : refused;
    };
  },
};
