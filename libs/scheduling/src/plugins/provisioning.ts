import { storageClassOf, type corev1, type storagev1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { sizeOf } from './match-volume';

const noProvisioner = 'kubernetes.io/no-provisioner';

export type Provisioning = 'possible' | 'impossible' | 'no-space';

/** Whether a volume for the claim could be made for a node. */
export function canProvision(claim: corev1.PersistentVolumeClaim, node: NodeInfo, state: ClusterState): Provisioning {
  const storageClass = state.objects.storageClasses.get({ namespace: '', name: storageClassOf(claim) });
  if (storageClass === undefined || storageClass.provisioner === '' || storageClass.provisioner === noProvisioner) return 'impossible';
  const { allowedTopologies = [] } = storageClass;
  const isAllowed = allowedTopologies.length === 0 || allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.length > 0 && matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? '')));
  if (!isAllowed) return 'impossible';
  return !publishesCapacity(storageClass, state) || publishedSpace(claim, node, state) !== undefined ? 'possible' : 'no-space';
}

/** Drivers that publish their capacity are believed; others are trusted to have enough. */
function publishesCapacity({ provisioner }: storagev1.StorageClass, state: ClusterState): boolean {
  return state.objects.csiDrivers.get({ namespace: '', name: provisioner })?.spec.storageCapacity === true;
}

/** What its driver says that is left where a volume for the claim could be made from a node; undefined if that is not enough, or it says nothing. */
export function publishedSpace(claim: corev1.PersistentVolumeClaim, node: NodeInfo, state: ClusterState): storagev1.CSIStorageCapacity | undefined {
  const storageClass = state.objects.storageClasses.get({ namespace: '', name: storageClassOf(claim) });
  if (storageClass === undefined || !publishesCapacity(storageClass, state)) return undefined;
  const wanted = sizeOf(claim.spec?.resources?.requests?.['storage']);
  return state.objects.storageCapacities.list().find(({ storageClassName, capacity, maximumVolumeSize, nodeTopology }) => {
    if (storageClassName !== storageClass.metadata.name || nodeTopology === undefined) return false;
    const limit = maximumVolumeSize ?? capacity;
    return limit !== undefined && sizeOf(limit) >= wanted && matchesLabelSelector(nodeTopology, node.labels);
  });
}
