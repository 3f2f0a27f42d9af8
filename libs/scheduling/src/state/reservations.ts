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

/** By the uid of the pod; tells when one comes or goes. */
class Decisions<V> extends Map<string, V> {
  constructor(private readonly changed: () => void) {
    super();
  }

  override set(uid: string, decision: V): this {
    this.changed();
    return super.set(uid, decision);
  }

  override delete(uid: string): boolean {
    this.changed();
    return super.delete(uid);
  }

  override clear(): void {
    this.changed();
    super.clear();
  }
}

/** What decisions under way count on and the API does not show yet, by the uid of the pod. */
export class Reservations {
  readonly volumes: Assumed<corev1.PersistentVolume>;
  readonly claims: Assumed<corev1.PersistentVolumeClaim>;
  readonly resourceClaims: Assumed<resourcev1.ResourceClaim>;
  readonly volumeDecisions = new Map<string, VolumeDecision>();
  /** Claims of devices to be allocated to a pod, or reserved for it. */
  readonly deviceDecisions = new Decisions<readonly resourcev1.ResourceClaim[]>(() => (this.#decided = undefined));
  /** Claims for the extended resources of a pod, which may not be written yet. */
  readonly extendedClaims = new Decisions<ExtendedClaim>(() => (this.#decided = undefined));
  /** The claims of all these decisions, by their uid; made when it is needed first. */
  #decided: ReadonlyMap<string | undefined, resourcev1.ResourceClaim> | undefined;

  constructor(objects: ClusterObjects) {
    this.volumes = new Assumed(objects.volumes);
    this.claims = new Assumed(objects.claims);
    this.resourceClaims = new Assumed(objects.resourceClaims);
  }

  /** A claim as it is to be: what it was given it has from then on, though the latest news of it may be that it got its finalizer. */
  resourceClaim(key: { readonly namespace: string; readonly name: string }): resourcev1.ResourceClaim | undefined {
    const shown = this.resourceClaims.get(key);
    if (shown === undefined || shown.status?.allocation !== undefined || this.deviceDecisions.size === 0) return shown;
    const decided = this.#byUid().get(shown.metadata.uid);
    return decided?.status === undefined ? shown : { ...shown, status: decided.status };
  }

  /** All claims, and those that are to have devices though no cache shows them with any yet. */
  claimsWithDevices(): readonly resourcev1.ResourceClaim[] {
    const shown = this.resourceClaims.list();
    if (this.extendedClaims.size + this.deviceDecisions.size === 0) return shown;
    const unseen = [...this.#byUid().values()].filter(({ metadata: { namespace = '', name = '' } }) => this.resourceClaims.get({ namespace, name })?.status?.allocation === undefined);
    return [...shown, ...unseen];
  }

  /** Of a claim that several pods use, as the last of them is to have it. */
  #byUid(): ReadonlyMap<string | undefined, resourcev1.ResourceClaim> {
    const claims = (): resourcev1.ResourceClaim[] => [...[...this.deviceDecisions.values()].flat(), ...[...this.extendedClaims.values()].map(({ claim }) => claim)];
    return (this.#decided ??= new Map(claims().map((claim) => [claim.metadata.uid, claim])));
  }
}
