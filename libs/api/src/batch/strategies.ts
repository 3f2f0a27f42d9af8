import type { batchv1 } from '../gen';
import { type KindRules, kindRules, specChanged } from '../strategy/kind-rules';
import { type Loose } from '../support/loose';

type Job = Loose<batchv1.Job> & { metadata: batchv1.Job['metadata'] };

const uidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid'] as const;
const nameLabels = ['batch.kubernetes.io/job-name', 'job-name'] as const;

/** A job finds its pods by its own uid, so that two jobs of one name never share pods. */
function generateSelector(job: Job): void {
  const { spec = {}, metadata } = job;
  if (spec.manualSelector) return;
  const template = (spec.template ??= {});
  // In place: a job without labels of its own shares its template's.
  const labels: Record<string, string | undefined> = template.metadata?.labels ?? {};
  for (const label of uidLabels) labels[label] ??= metadata.uid ?? '';
  for (const label of nameLabels) labels[label] ??= metadata.name ?? '';
  template.metadata = { ...template.metadata, labels };
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels as Record<string, string>;
  const selector = (spec.selector ??= {});
  selector.matchLabels = { ...selector.matchLabels };
  selector.matchLabels[uidLabels[0]] ??= metadata.uid ?? '';
}

/** To who deletes jobs and does not say what is to become of their pods (pkg/registry/batch/job/storage). */
const undecidedDeletion =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

export const batchStrategies: Readonly<Record<string, KindRules>> = {
  'batch/cronjobs': { initialStatus: () => ({}), generation: specChanged },
  // batch/v1 orphans its pods unless told otherwise: old clients rely on it.
  'batch/jobs': kindRules<Job>({ initialStatus: () => ({}), generation: specChanged, onCreate: generateSelector, defaultPropagation: 'Orphan', undecidedDeletion }),
};
