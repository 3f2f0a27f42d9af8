import type { corev1, resourcev1 } from '@navarch/api';
import { controllerOf } from '@navarch/reconcile';
import { deviceTolerationCovers } from '@navarch/scheduling';
import type { TaintsOf } from './device-taints';

type Claim = resourcev1.ResourceClaim;
type Result = resourcev1.DeviceRequestAllocationResult;

export interface DeviceEviction {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** Uids of the DeviceTaintRules that are among the causes. */
  readonly rules: ReadonlySet<string>;
}

/**
 * When, and for which rules, a pod must give up its devices for their taints; undefined: it may stay.
 * By upstream's device taint eviction: pods that have no node yet have none to leave, and only claims that are reserved for the pod count.
 */
export function deviceEviction(pod: corev1.Pod, claimNamed: (name: string) => Claim | undefined, taintsOf: TaintsOf, nowMs: number): DeviceEviction | undefined {
  if ((pod.spec?.nodeName ?? '') === '' || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const causes = claimsOf(pod, claimNamed).flatMap((claim) => (claim.status?.allocation?.devices?.results ?? []).flatMap((result) => causesOf(result, taintsOf, nowMs)));
  if (causes.length === 0) return undefined;
  return { atMs: Math.min(...causes.map(({ atMs }) => atMs)), rules: new Set(causes.flatMap(({ rule }) => (rule === undefined ? [] : [rule]))) };
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
function causesOf(result: Result, taintsOf: TaintsOf, nowMs: number): { readonly atMs: number; readonly rule: string | undefined }[] {
  return taintsOf(result).filter(({ taint }) => taint.effect === 'NoExecute').flatMap(({ taint, rule }) => {
    const since = taint.timeAdded === undefined ? nowMs : Date.parse(taint.timeAdded);
    // Unlike the scheduler, upstream takes only what names the effect.
    const covering = (result.tolerations ?? []).filter((toleration) => toleration.effect === 'NoExecute' && deviceTolerationCovers(toleration, taint));
    if (covering.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) return [];
    const seconds = covering.map(({ tolerationSeconds = 0 }) => Math.max(0, tolerationSeconds));
    return [{ atMs: since + (seconds.length === 0 ? 0 : Math.min(...seconds)) * 1000, rule: rule?.metadata.uid }];
  });
}
