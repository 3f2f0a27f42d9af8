import type { corev1, storagev1 } from '@navarch/api';
import { core } from '@navarch/api';
import { always, type BindingContext, type QueueingHint, type Refusal, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import type { VolumeDecision } from '../state/reservations';
import { matchVolume, sizeOf, volumeIsNear } from './match-volume';
import { canProvision } from './provisioning';
import type { UtilizationPoint } from './resource-scoring';
import { boundByController, claimsOf, isBound, selectedNode, usesClaim, waitsForConsumer } from './volume-claims';
import { signVolumes } from './sign-volumes';
import { volumeScorer } from './volume-scoring';

const notNear = "node(s) didn't match PersistentVolume's node affinity";
const noneToBind = "node(s) didn't find available persistent volumes to bind";
const noSpace = 'node(s) did not have enough free storage';
const lostVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

interface PodClaims {
  readonly bound: readonly corev1.PersistentVolumeClaim[];
  /** Smallest first, so that the small ones do not take what the large ones need. */
  readonly waiting: readonly corev1.PersistentVolumeClaim[];
}

/** Upstream's VolumeBindingArgs. */
export interface VolumeBindingArgs {
  readonly bindTimeoutSeconds?: number;
  /** How nodes are scored by how full volumes, or what they are made from, would be; without it they are not. */
  readonly shape?: readonly UtilizationPoint[];
}

/** Volumes must be reachable from the node; those that wait for their first consumer are chosen, or made, with it. */
export function volumeBinding({ bindTimeoutSeconds = 600, shape }: VolumeBindingArgs = {}): SchedulerPlugin {
  return {
    name: 'VolumeBinding',
    hints: {
      PersistentVolumeClaimAdd: usesClaim, PersistentVolumeClaimUpdate: usesClaim, PersistentVolumeAdd: always, PersistentVolumeUpdate: always, StorageClassAdd: allowsOthers, StorageClassUpdate: allowsOthers,
      CSINodeAdd: always, CSIDriverUpdate: isTrusted, CSIStorageCapacityAdd: hasMoreSpace, CSIStorageCapacityUpdate: hasMoreSpace, NodeAdd: always, NodeUpdateNodeLabel: always,
    },
    sign: signVolumes,
    preFilter: (pod, state) => {
      if (pod.claims.length === 0) return undefined;
      const claims = claimsByNeed(pod, state);
      if ('refused' in claims) return { refused: claims.refused, unresolvable: true };
      return (node) => {
        const decided = decide(claims, node, state);
        return 'reasons' in decided ? decided : undefined;
      };
    },
    ...(shape === undefined ? {} : { preScore: volumeScore(shape) }),
    reserve: (pod, node, state) => {
      if (pod.claims.length === 0) return undefined;
      const claims = claimsByNeed(pod, state);
      if ('refused' in claims) return { reasons: [claims.refused], unresolvable: true };
      const decided = decide(claims, node, state);
      if ('reasons' in decided) return decided;
      for (const volume of decided.bind) state.reservations.volumes.assume(volume);
      for (const claim of decided.provision) state.reservations.claims.assume(claim);
      state.reservations.volumeDecisions.set(pod.uid, decided);
      return undefined;
    },
    unreserve: (pod, state) => {
      const decided = state.reservations.volumeDecisions.get(pod.uid);
      for (const volume of decided?.bind ?? []) state.reservations.volumes.forget(volume);
      for (const claim of decided?.provision ?? []) state.reservations.claims.forget(claim);
      state.reservations.volumeDecisions.delete(pod.uid);
    },
    worksBeforeBinding: (pod, state) => hasWork(state.reservations.volumeDecisions.get(pod.uid)),
    preBind: (pod, node, context) => bind(pod, node, context, bindTimeoutSeconds * 1000),
    postBind: (pod, _node, state) => void state.reservations.volumeDecisions.delete(pod.uid),
  };
}

function volumeScore(shape: readonly UtilizationPoint[]): NonNullable<SchedulerPlugin['preScore']> {
  const scorer = volumeScorer(shape);
  return (pod, state) => {
    const claims = pod.claims.length === 0 ? undefined : claimsByNeed(pod, state);
    if (claims === undefined || 'refused' in claims) return undefined;
    return {
      score: (node) => {
        const decided = decide(claims, node, state);
        return 'reasons' in decided ? 0 : scorer(decided, claims.waiting, node, state);
      },
    };
  };
}

/** Only where volumes may be made can change in a class. */
const allowsOthers: QueueingHint = (_pod, { before, after }) => {
  const allowed = (storageClass: unknown): string => JSON.stringify((storageClass as storagev1.StorageClass | undefined)?.allowedTopologies ?? []);
  return before === undefined || allowed(before) !== allowed(after);
};

/** There is more space than there was, or is known of now. */
const hasMoreSpace: QueueingHint = (_pod, { before, after }) => {
  const limit = (object: unknown): number | undefined => {
    const { maximumVolumeSize, capacity } = object as storagev1.CSIStorageCapacity;
    return maximumVolumeSize === undefined && capacity === undefined ? undefined : sizeOf(maximumVolumeSize ?? capacity);
  };
  if (before === undefined) return true;
  const is = limit(after);
  return is !== undefined && is > (limit(before) ?? -1);
};

/** A driver that is not asked for its space any more is trusted to have enough. */
const isTrusted: QueueingHint = (_pod, { before, after }) => {
  const publishes = (driver: unknown): boolean => (driver as storagev1.CSIDriver | undefined)?.spec.storageCapacity === true;
  return publishes(before) && !publishes(after);
};

function claimsByNeed(pod: PodInfo, state: ClusterState): PodClaims | { readonly refused: string } {
  const claims = claimsOf(pod, state);
  if ('refused' in claims) return claims;
  const unbound = claims.filter((claim) => !isBound(claim));
  const waiting = unbound.filter((claim) => waitsForConsumer(claim, state) && (claim.spec?.volumeName ?? '') === '');
  // The others are for the volume controller alone.
  if (waiting.length < unbound.length) return { refused: 'pod has unbound immediate PersistentVolumeClaims' };
  const wanted = (claim: corev1.PersistentVolumeClaim): number => sizeOf(claim.spec?.resources?.requests?.['storage']);
  return { bound: claims.filter(isBound), waiting: waiting.sort((a, b) => wanted(a) - wanted(b)) };
}

/** The volumes of the claims if the pod ran on this node. */
function decide({ bound, waiting }: PodClaims, node: NodeInfo, state: ClusterState): VolumeDecision | Refusal {
  const reasons = new Set<string>();
  for (const claim of bound) {
    const volume = state.reservations.volumes.get({ namespace: '', name: claim.spec?.volumeName ?? '' });
    if (volume === undefined) reasons.add(lostVolume);
    else if (!volumeIsNear(volume, node)) reasons.add(notNear);
  }
  const bind: corev1.PersistentVolume[] = [];
  const provision: corev1.PersistentVolumeClaim[] = [];
  const taken = new Set<string>();
  for (const claim of waiting) {
    const selected = claim.metadata.annotations?.[selectedNode];
    if (selected !== undefined && selected !== node.name) reasons.add(noneToBind);
    const volume = selected === undefined ? matchVolume(claim, state.reservations.volumes.list(), node, taken) : undefined;
    if (volume !== undefined) {
      taken.add(volume.metadata.name ?? '');
      bind.push(boundTo(volume, claim));
      continue;
    }
    const possible = canProvision(claim, node, state);
    if (possible === 'possible') provision.push({ ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNode]: node.name } } });
    else reasons.add(possible === 'no-space' ? noSpace : noneToBind);
  }
  // Removing pods makes no volume reachable.
  return reasons.size > 0 ? { reasons: [...reasons], unresolvable: true } : { bind, provision };
}

function boundTo(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim): corev1.PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: namespace ?? '', name: name ?? '', uid: uid ?? '', resourceVersion: resourceVersion ?? '' };
  return { ...volume, metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, [boundByController]: 'yes' } }, spec: { ...volume.spec, claimRef } };
}

const hasWork = (decided: VolumeDecision | undefined): decided is VolumeDecision => decided !== undefined && decided.bind.length + decided.provision.length > 0;

/** Writes the decision and waits until the volume controller has carried it out. Mirrors BindPodVolumes of upstream's binder.go. */
async function bind(pod: PodInfo, nodeName: string, { api, state, signal, until }: BindingContext, timeoutMs: number): Promise<void> {
  const decided = state.reservations.volumeDecisions.get(pod.uid);
  if (!hasWork(decided)) return;
  for (const volume of decided.bind) state.reservations.volumes.assume(await api.update(core.persistentvolumes, volume, { signal }));
  for (const claim of decided.provision) state.reservations.claims.assume(await api.update(core.persistentvolumeclaims, claim, { signal }));
  await until(() => isCarriedOut(pod, decided, nodeName, state), timeoutMs);
}

/** Whether all claims have their volumes, which can be used from the node; throws when another node must be found. */
function isCarriedOut(pod: PodInfo, { bind: volumes, provision }: VolumeDecision, nodeName: string, state: ClusterState): boolean {
  const node = state.node(nodeName);
  if (node === undefined) throw new Error(`node "${nodeName}" not found`);
  const volumeOf = (name = ''): corev1.PersistentVolume | undefined => state.reservations.volumes.get({ namespace: '', name });
  const claimOf = (name = ''): corev1.PersistentVolumeClaim => {
    const claim = state.reservations.claims.get({ namespace: pod.namespace, name });
    if (claim === undefined) throw new Error(`PVC "${pod.namespace}/${name}" is gone`);
    return claim;
  };
  const checkPlace = (volume: corev1.PersistentVolume): void => {
    if (!volumeIsNear(volume, node)) throw new Error(`pv "${volume.metadata.name ?? ''}" node affinity doesn't match node "${nodeName}": no matching NodeSelectorTerms`);
  };
  const chosen = volumes.map(({ metadata: { name }, spec }) => {
    const volume = volumeOf(name);
    if (volume === undefined) throw new Error(`pv "${name ?? ''}" is gone`);
    checkPlace(volume);
    // Its claim has another volume now.
    if ((volume.spec?.claimRef?.uid ?? '') === '') throw new Error(`ClaimRef got reset for pv "${name ?? ''}"`);
    return isBound(claimOf(spec?.claimRef?.name));
  });
  const made = provision.map(({ metadata: { name } }) => {
    const claim = claimOf(name);
    const volume = volumeOf(claim.spec?.volumeName);
    if (volume !== undefined) checkPlace(volume);
    // The provisioner gives up on a node by taking the annotation away: then another node must be found.
    if (!isBound(claim) && claim.metadata.annotations?.[selectedNode] !== nodeName) throw new Error(`selectedNode annotation reset for PVC "${name ?? ''}"`);
    return isBound(claim) && volume !== undefined;
  });
  return [...chosen, ...made].every((is) => is);
}
