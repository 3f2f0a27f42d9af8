import { always, refusal, type QueueingHint, type SchedulerPlugin } from '../framework';
import { claimsOf, classOf, waitsForConsumer } from './volume-claims';

const refused = refusal('node(s) had no available volume zone', true);
/** Old names of the labels go by the new ones on nodes. */
const labels: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};
const usesClaim: QueueingHint = (pod, { after }) => after?.metadata.namespace === pod.namespace && pod.claims.includes(after.metadata.name ?? '');

/** A volume that says which zone it is in is used only from there. */
export const volumeZone: SchedulerPlugin = {
  name: 'VolumeZone',
  hints: { NodeAdd: always, NodeUpdateNodeLabel: always, PersistentVolumeClaimAdd: usesClaim, PersistentVolumeClaimUpdate: usesClaim, PersistentVolumeAdd: always, PersistentVolumeUpdate: always, StorageClassAdd: always },
  preFilter: (pod, state) => {
    if (pod.claims.length === 0) return undefined;
    const claims = claimsOf(pod, state);
    if ('refused' in claims) return { refused: claims.refused, unresolvable: true };
    const wanted: { readonly label: string; readonly values: readonly string[] }[] = [];
    for (const claim of claims) {
      const name = claim.spec?.volumeName ?? '';
      if (name === '') {
        if (classOf(claim) === '' || !waitsForConsumer(claim, state)) return { refused: 'PersistentVolume had no name', unresolvable: true };
        continue;
      }
      const volume = state.reservations.volumes.get({ namespace: '', name });
      if (volume === undefined) return { refused: `persistentvolume "${name}" not found`, unresolvable: true };
      for (const [label, value] of Object.entries(volume.metadata.labels ?? {})) {
        const onNodes = labels[label];
        if (onNodes !== undefined) wanted.push({ label: onNodes, values: value.split('__') });
      }
    }
    if (wanted.length === 0) return undefined;
    return (node) => {
      const known = new Set(Object.values(labels));
      // Nodes that say nothing of zones belong to a cluster of one.
      if (!Object.keys(node.labels).some((label) => known.has(label))) return undefined;
      return wanted.every(({ label, values }) => values.includes(node.labels[label] ?? '')) ? undefined : refused;
    };
  },
};
