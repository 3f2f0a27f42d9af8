import type { appsv1, KubeObject } from '@navarch/api';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** Not copied from a Deployment to its ReplicaSets. */
const OWN = new Set(['kubectl.kubernetes.io/last-applied-configuration', REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, 'deprecated.deployment.rollback.to']);
const MAX_HISTORY_LENGTH = 2000;

const MAX_INT32 = 2 ** 31 - 1;

/** A count of replicas; what cannot be one says nothing. */
const numberIn = ({ metadata }: KubeObject, name: string): number | undefined => {
  const text = metadata.annotations?.[name];
  return text !== undefined && /^[0-9]+$/.test(text) && Number(text) <= MAX_INT32 ? Number(text) : undefined;
};

const MAX_INT64 = 2n ** 63n - 1n;

/** A revision as upstream reads it: an int64, of which a number holds the smaller part only. */
function revisionIn(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const revision = BigInt(text.replace(/^\+/, ''));
  return revision <= MAX_INT64 && revision >= -MAX_INT64 - 1n ? revision : undefined;
}

/** The revision a ReplicaSet is of; 0 when it says nothing that can be read. */
export function revisionOf({ metadata }: KubeObject): bigint {
  return revisionIn(metadata.annotations?.[REVISION]) ?? 0n;
}

/** The revision after all of these. */
export function nextRevision(objects: readonly KubeObject[]): bigint {
  return objects.map(revisionOf).reduce((highest, revision) => (revision > highest ? revision : highest), 0n) + 1n;
}

/** How many replicas the Deployment wanted when this ReplicaSet was last scaled. */
export function desiredReplicasOf(replicaSet: appsv1.ReplicaSet): number | undefined {
  return numberIn(replicaSet, DESIRED_REPLICAS);
}

/** How many pods it then allowed in all. */
export function maxReplicasOf(replicaSet: appsv1.ReplicaSet): number | undefined {
  return numberIn(replicaSet, MAX_REPLICAS);
}

/** The annotations with these set, or the same object when they are so already. */
export function withAnnotations(current: Readonly<Record<string, string>>, set: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.entries(set).every(([name, value]) => current[name] === value) ? current : { ...current, ...set };
}

/**
 * The annotations of the newest ReplicaSet: the Deployment's own (so that `kubectl rollout history` finds the change
 * cause), its revision, and the revisions it had before, if a roll-back brought it up again.
 */
export function newReplicaSetAnnotations(deployment: appsv1.Deployment, current: Readonly<Record<string, string>>, revision: bigint): Readonly<Record<string, string>> {
  const copied = Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN.has(name)));
  const annotations = withAnnotations(current, copied);
  const old = current[REVISION];
  const before = old === undefined || old === '' ? 0n : revisionIn(old);
  if (before === undefined || before >= revision) return annotations;
  const raised = { ...annotations, [REVISION]: String(revision) };
  if (old === undefined) return raised;
  return { ...raised, [REVISION_HISTORY]: withRevision(current[REVISION_HISTORY] ?? '', old) };
}

/** The oldest make place when the list gets long. */
function withRevision(history: string, revision: string): string {
  const revisions = [...history.split(',').filter((item) => item !== ''), revision];
  while (revisions.length > 1 && revisions.join(',').length > MAX_HISTORY_LENGTH) revisions.shift();
  return revisions.join(',');
}
