import type { appsv1, corev1, KubeObject, metav1 } from '@navarch/api';
import { canonicalJson, podTemplateHash } from '@navarch/reconcile';

type Revision = appsv1.ControllerRevision;

/** Label of pods that names the revision they are of. */
export const POD_REVISION = 'controller-revision-hash';

/** A pod template as a patch of its owner, which is what `kubectl rollout undo` applies. */
export function revisionData(template: corev1.PodTemplateSpec | undefined): Record<string, unknown> {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The template that a revision holds. */
export function templateOf({ data }: Revision): corev1.PodTemplateSpec {
  const template = { ...(data as { spec?: { template?: corev1.PodTemplateSpec & { $patch?: string } } } | undefined)?.spec?.template };
  delete template.$patch;
  return template;
}

/** What an owner knows when it looks at its history. */
export interface ObservedHistory {
  readonly owner: KubeObject;
  readonly controller: metav1.OwnerReference;
  readonly template: corev1.PodTemplateSpec | undefined;
  /** Those it owns. */
  readonly revisions: readonly Revision[];
  readonly collisionCount?: number;
  /** The label under which revisions carry their hash. */
  readonly hashLabel: string;
}

/** What must be done so that the present template is the newest revision. */
export interface HistoryPlan {
  readonly action: 'create' | 'none' | 'renumber';
  readonly revision: Revision;
}

export const byNumber = (a: Revision, b: Revision): number => a.revision - b.revision || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);

/** An equal template of before is brought to the top again: a roll-back makes no new revision. */
export function planHistory(observed: ObservedHistory): HistoryPlan {
  const { revisions, template } = observed;
  const highest = Math.max(0, ...revisions.map(({ revision }) => revision));
  const wanted = canonicalJson(revisionData(template));
  const equal = revisions.filter(({ data }) => canonicalJson(data) === wanted).sort(byNumber).at(-1);
  if (equal === undefined) return { action: 'create', revision: newRevision(observed, highest + 1) };
  if (equal.revision === highest) return { action: 'none', revision: equal };
  return { action: 'renumber', revision: { ...equal, revision: highest + 1 } };
}

/** Revisions of the same template as this one: one of them is enough. */
export function duplicatesOf(kept: Revision, revisions: readonly Revision[]): Revision[] {
  const data = canonicalJson(kept.data);
  return revisions.filter((one) => one.metadata.name !== kept.metadata.name && canonicalJson(one.data) === data);
}

/** The template as a new revision, named by its hash. */
function newRevision({ owner, controller, template, collisionCount, hashLabel }: ObservedHistory, revision: number): Revision {
  const hash = podTemplateHash(template ?? {}, collisionCount);
  const { name = '', namespace = '', annotations } = owner.metadata;
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template?.metadata?.labels, [hashLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controller],
    },
    data: revisionData(template),
    revision,
  };
}

/** The oldest revisions that nothing uses any more, beyond those to be kept for roll-backs. */
export function planTruncation(revisions: readonly Revision[], isLive: (revision: Revision) => boolean, limit = 10): Revision[] {
  const old = revisions.filter((revision) => !isLive(revision)).sort(byNumber);
  return old.slice(0, Math.max(0, old.length - limit));
}
