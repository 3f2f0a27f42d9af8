import type { corev1, resourcev1 } from '@navarch/api';
import { controllerOf } from '@navarch/reconcile';
import { deviceTolerationCovers } from '@navarch/scheduling';

type Claim = resourcev1.ResourceClaim;
type Result = resourcev1.DeviceRequestAllocationResult;

/** The taints of a device that was given to a claim. */
export type TaintsOf = (device: Pick<Result, 'device' | 'driver' | 'pool'>) => readonly resourcev1.DeviceTaint[];

/**
 * When a pod must give up its devices for their taints, in milliseconds since 1970; undefined: it may stay.
 * By upstream's device taint eviction: pods that have no node yet have none to leave, and only claims that are reserved for the pod count.
 */
export function deviceEvictionTime(pod: corev1.Pod, claimNamed: (name: string) => Claim | undefined, taintsOf: TaintsOf, nowMs: number): number | undefined {
  if ((pod.spec?.nodeName ?? '') === '' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const times = claimsOf(pod, claimNamed).flatMap((claim) => (claim.status?.allocation?.devices?.results ?? []).flatMap((result) => deviceTimes(result, taintsOf, nowMs)));
  return times.length === 0 ? undefined : Math.min(...times);
}

function claimsOf(pod: corev1.Pod, claimNamed: (name: string) => Claim | undefined): Claim[] {
  const { uid } = pod.metadata;
  return (pod.spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const made = pod.status?.resourceClaimStatuses?.find((status) => status.name === name)?.resourceClaimName;
    const claim = claimNamed(resourceClaimName ?? made ?? '');
    if (claim === undefined || (resourceClaimName === undefined && controllerOf(claim)?.uid !== uid)) return [];
    const isReserved = claim.status?.reservedFor?.some((consumer) => consumer.resource === 'pods' && (consumer.apiGroup ?? '') === '' && consumer.uid === uid);
    return isReserved === true ? [claim] : [];
  });
}

/** For each taint that is not tolerated for good, when its time is over. */
function deviceTimes(result: Result, taintsOf: TaintsOf, nowMs: number): number[] {
  return taintsOf(result).filter(({ effect }) => effect === 'NoExecute').flatMap((taint) => {
    const since = taint.timeAdded === undefined ? nowMs : Date.parse(taint.timeAdded);
    // Unlike the scheduler, upstream takes only what names the effect.
    const covering = (result.tolerations ?? []).filter((toleration) => toleration.effect === 'NoExecute' && deviceTolerationCovers(toleration, taint));
    if (covering.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) return [];
    const seconds = covering.map(({ tolerationSeconds = 0 }) => Math.max(0, tolerationSeconds));
    return [since + (seconds.length === 0 ? 0 : Math.min(...seconds)) * 1000];
  });
}

/** Taints of the devices that drivers offer now: of each pool only the latest generation counts. */
export class DeviceTaints {
  readonly #taints = new Map<string, readonly resourcev1.DeviceTaint[]>();

  constructor(slices: readonly resourcev1.ResourceSlice[]) {
    const latest = new Map<string, number>();
    for (const { spec: { driver, pool } } of slices) latest.set(poolKey(driver, pool.name), Math.max(pool.generation, latest.get(poolKey(driver, pool.name)) ?? 0));
    for (const { spec: { driver, pool, devices = [] } } of slices) {
      if (pool.generation !== latest.get(poolKey(driver, pool.name))) continue;
      for (const { name, taints = [] } of devices) if (taints.length > 0) this.#taints.set(`${poolKey(driver, pool.name)}/${name}`, taints);
    }
  }

  of({ driver, pool, device }: Parameters<TaintsOf>[0]): readonly resourcev1.DeviceTaint[] {
    return this.#taints.get(`${poolKey(driver, pool)}/${device}`) ?? [];
  }
}

export const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`;
