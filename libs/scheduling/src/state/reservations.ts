import type { corev1, resourcev1 } from '@navarch/api';
import type { ExtendedClaim } from '../devices/extended-claim';
import { Assumed } from './assumed';
import type { ClusterObjects } from './cluster-objects';

/** What a pod's volumes will be on the node that was chosen. */
export interface VolumeDecision {
  /** Volumes with the claim that each is to be bound to. */
  readonly bind: readonly corev1.PersistentVolume[];
  /** Claims that name the node on which a volume is to be made. */
  readonly provision: readonly corev1.PersistentVolumeClaim[];
}

/** What decisions under way count on and the API does not show yet, by the uid of the pod. */
export class Reservations {
  readonly volumes: Assumed<corev1.PersistentVolume>;
  readonly claims: Assumed<corev1.PersistentVolumeClaim>;
  readonly resourceClaims: Assumed<resourcev1.ResourceClaim>;
  readonly volumeDecisions = new Map<string, VolumeDecision>();
  /** Claims of devices to be allocated to a pod, or reserved for it. */
  readonly deviceDecisions = new Map<string, readonly resourcev1.ResourceClaim[]>();
  /** Claims for the extended resources of a pod, which may not be written yet. */
  readonly extendedClaims = new Map<string, ExtendedClaim>();

  constructor(objects: ClusterObjects) {
    this.volumes = new Assumed(objects.volumes);
    this.claims = new Assumed(objects.claims);
    this.resourceClaims = new Assumed(objects.resourceClaims);
  }

  /** A claim as it is to be: what it was given it has from then on, though the latest news of it may be that it got its finalizer. */
  resourceClaim(key: { readonly namespace: string; readonly name: string }): resourcev1.ResourceClaim | undefined {
    const shown = this.resourceClaims.get(key);
    if (shown === undefined || shown.status?.allocation !== undefined || this.deviceDecisions.size === 0) return shown;
    const decided = [...this.deviceDecisions.values()].flat().find(({ metadata: { uid } }) => uid === shown.metadata.uid);
    return decided?.status === undefined ? shown : { ...shown, status: decided.status };
  }

  /** All claims, and those that are to have devices though no cache shows them with any yet. */
  claimsWithDevices(): readonly resourcev1.ResourceClaim[] {
    const shown = this.resourceClaims.list();
    if (this.extendedClaims.size + this.deviceDecisions.size === 0) return shown;
    const decided = new Map([...[...this.deviceDecisions.values()].flat(), ...[...this.extendedClaims.values()].map(({ claim }) => claim)].map((claim) => [claim.metadata.uid, claim]));
    const unseen = [...decided.values()].filter(({ metadata: { namespace = '', name = '' } }) => this.resourceClaims.get({ namespace, name })?.status?.allocation === undefined);
    return [...shown, ...unseen];
  }
}
