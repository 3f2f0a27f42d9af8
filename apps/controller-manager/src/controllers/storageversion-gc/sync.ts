import type { apiserverinternalv1alpha1 } from '@navarch/api';

type StorageVersion = apiserverinternalv1alpha1.StorageVersion;
type Status = apiserverinternalv1alpha1.StorageVersionStatus;
type Condition = apiserverinternalv1alpha1.StorageVersionCondition;

export type StorageVersionPlan = { readonly kind: 'delete' } | { readonly kind: 'status'; readonly status: Status };

/**
 * Takes the entries of apiservers that are gone out of a StorageVersion; without any entry it goes itself. Undefined when there is nothing to do.
 * Mirrors upstream's storageversiongc controller; `now` is the time as the API writes it.
 */
export function planStorageVersion({ metadata, status }: StorageVersion, isServer: (id: string) => boolean, now: string): StorageVersionPlan | undefined {
  const entries = status?.storageVersions ?? [];
  const kept = entries.filter(({ apiServerID }) => isServer(apiServerID));
  if (kept.length === entries.length) return undefined;
  if (kept.length === 0) return { kind: 'delete' };
  const versions = new Set(kept.map(({ encodingVersion }) => encodingVersion));
  const [common] = versions.size === 1 ? versions : [];
  const told: Condition = common === undefined
    ? { type: 'AllEncodingVersionsEqual', status: 'False', reason: 'CommonEncodingVersionUnset', message: 'Common encoding version unset', lastTransitionTime: now, observedGeneration: metadata.generation ?? 0 }
    : { type: 'AllEncodingVersionsEqual', status: 'True', reason: 'CommonEncodingVersionSet', message: 'Common encoding version set', lastTransitionTime: now, observedGeneration: metadata.generation ?? 0 };
  const isOther = status?.commonEncodingVersion !== undefined && common !== undefined && status.commonEncodingVersion !== common;
  const { conditions = [] } = status ?? {};
  return { kind: 'status', status: { ...(common === undefined ? {} : { commonEncodingVersion: common }), conditions: placed(conditions, told, isOther), storageVersions: kept } };
}

/** A version that was common before and is another now is a transition, though the condition says yes as before. */
function placed(conditions: readonly Condition[], next: Condition, isTransition: boolean): Condition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (current === undefined) return [...conditions, next];
  const keepsTime = current.status === next.status && !isTransition && current.lastTransitionTime !== undefined;
  const settled = keepsTime ? { ...next, lastTransitionTime: current.lastTransitionTime ?? '' } : next;
  return conditions.map((condition) => (condition === current ? settled : condition));
}
