import { storageClassOf, type corev1 } from '@navarch/api';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { VolumeDecision } from '../state/reservations';
import { sizeOf } from './match-volume';
import { publishedSpace } from './provisioning';
import { byShape, type UtilizationPoint } from './resource-scoring';

/** What is asked of a storage class, and what there is of it, in bytes. */
interface ClassShare {
  requested: number;
  capacity: number;
}

/** Scores what was decided for a pod's claims that wait, on a node, from 0 to 100. */
export type VolumeScorer = (decided: VolumeDecision, waiting: readonly corev1.PersistentVolumeClaim[], node: NodeInfo, state: ClusterState) => number;

/**
 * The mean over the storage classes of what the shape gives for how full volumes would be (upstream's StorageCapacityScoring): volumes that are
 * there, if any was chosen; else what drivers say that is left where volumes will be made.
 */
export function volumeScorer(shape: readonly UtilizationPoint[]): VolumeScorer {
  const score = byShape(shape);
  return (decided, waiting, node, state) => {
    const shares = [...(decided.bind.length > 0 ? sharesOfVolumes(decided.bind, waiting) : sharesOfSpace(decided.provision, node, state)).values()];
    const sum = shares.reduce((total, { requested, capacity }) => total + score(requested, capacity), 0);
    return shares.length === 0 ? 0 : Math.round(sum / shares.length);
  };
}

const requestOf = (claim: corev1.PersistentVolumeClaim | undefined): number => sizeOf(claim?.spec?.resources?.requests?.['storage']);

function sharesOfVolumes(volumes: readonly corev1.PersistentVolume[], waiting: readonly corev1.PersistentVolumeClaim[]): Map<string, ClassShare> {
  const shares = new Map<string, ClassShare>();
  for (const { spec } of volumes) {
    const share = shareOf(shares, spec?.storageClassName ?? '');
    share.requested += requestOf(waiting.find(({ metadata }) => metadata.name === spec?.claimRef?.name));
    share.capacity += sizeOf(spec?.capacity?.['storage']);
  }
  return shares;
}

/** All claims of a class share what there is of it. */
function sharesOfSpace(claims: readonly corev1.PersistentVolumeClaim[], node: NodeInfo, state: ClusterState): Map<string, ClassShare> {
  const shares = new Map<string, ClassShare>();
  for (const claim of claims) {
    const space = publishedSpace(claim, node, state);
    if (space === undefined) continue;
    const share = shareOf(shares, storageClassOf(claim));
    share.requested += requestOf(claim);
    share.capacity = sizeOf(space.capacity);
  }
  return shares;
}

function shareOf(shares: Map<string, ClassShare>, storageClass: string): ClassShare {
  const known = shares.get(storageClass) ?? { requested: 0, capacity: 0 };
  shares.set(storageClass, known);
  return known;
}
