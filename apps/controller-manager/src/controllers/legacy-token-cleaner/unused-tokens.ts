import { secretNamesOfPod, type corev1 } from '@navarch/api';
import { parseTime } from '@navarch/apimachinery';
import { accountOf, isOf } from '../serviceaccount-token/token-secret';

const LAST_USED = 'kubernetes.io/legacy-token-last-used';
export const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

export interface TokenFacts {
  readonly secrets: readonly corev1.Secret[];
  readonly pods: readonly corev1.Pod[];
  readonly account: (key: { readonly namespace: string; readonly name: string }) => corev1.ServiceAccount | undefined;
  /** Since when uses are noted: `YYYY-MM-DD`; undefined when nobody notes them. */
  readonly trackedSince: string | undefined;
  readonly nowMs: number;
  readonly periodMs: number;
}

export interface CleaningPlan {
  readonly invalidate: readonly corev1.Secret[];
  readonly remove: readonly corev1.Secret[];
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const isDay = (text: string | undefined): text is string => text !== undefined && A_DAY.test(text) && !Number.isNaN(Date.parse(text));

/**
 * Which tokens that were made for accounts on their own, as clusters before 1.24 did, nobody has used for a whole period: they
 * are marked as invalid first, and removed a period later. As upstream's legacy_serviceaccount_token_cleaner.go.
 */
export function planCleaning({ secrets, pods, account, trackedSince, nowMs, periodMs }: TokenFacts): CleaningPlan {
  const since = nowMs - periodMs;
  // On their first day uses may have gone by unnoticed.
  if (!isDay(trackedSince) || trackedSince >= dayOf(since)) return { invalidate: [], remove: [] };
  const inUse = new Set(pods.flatMap((pod) => [...secretNamesOfPod(pod)].map((name) => `${pod.metadata.namespace ?? ''}/${name}`)));
  const unused = secrets.filter((secret) => {
    const { namespace = '', name = '', creationTimestamp = '', deletionTimestamp, labels = {} } = secret.metadata;
    const named = accountOf(secret);
    const owner = named === undefined ? undefined : account(named);
    const isMadeForAccount = owner !== undefined && isOf(secret, owner) && owner.secrets?.some((reference) => reference.name === name) === true;
    const isOld = (parseTime(creationTimestamp) ?? nowMs) < since;
    const lastUsed = labels[LAST_USED];
    return deletionTimestamp === undefined && isMadeForAccount && isOld && !inUse.has(`${namespace}/${name}`) && !(lastUsed !== undefined && (!isDay(lastUsed) || lastUsed >= dayOf(since)));
  });
  const invalidSince = ({ metadata }: corev1.Secret): string | undefined => metadata.labels?.[INVALID_SINCE];
  return {
    invalidate: unused.filter((secret) => !isDay(invalidSince(secret))),
    remove: unused.filter((secret) => {
      const day = invalidSince(secret);
      return isDay(day) && day < dayOf(since);
    }),
  };
}
