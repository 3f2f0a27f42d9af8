import { batch, type batchv1, type corev1 } from '@navarch/api';
import { controllerReference, isPodTerminal } from '@navarch/reconcile';
import { podFromTemplate } from '../../pods/pod-from-template';
import { failureCountsAfter, INDEX_FAILURES, INDEX_IGNORED_FAILURES } from './index-failures';

/** Held by a pod until its end has been counted: no end is lost though the pod is deleted. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
const INDEX_VARIABLE: corev1.EnvVar = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } } };

const OWN_NAME = 'kubernetes.io/job-controller';

/** The controller elsewhere that runs the Job, if there is one. */
export function managedElsewhere({ spec }: batchv1.Job): string | undefined {
  return spec?.managedBy === OWN_NAME ? undefined : spec?.managedBy;
}

export const isIndexed = ({ spec }: batchv1.Job): boolean => spec?.completionMode === 'Indexed';
export const isTracked = ({ metadata }: corev1.Pod): boolean => metadata.finalizers?.includes(TRACKING) === true;

/** The index a pod works on; undefined when it has none that the Job knows. */
export function indexOf({ spec }: batchv1.Job, { metadata }: corev1.Pod): number | undefined {
  const text = metadata.annotations?.[COMPLETION_INDEX];
  const index = text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined;
}

/** Whether only pods that have ended are replaced, not those on their way out. */
export function replacesOnlyFailed({ spec }: batchv1.Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
}

/** Counts as a failure. A pod that is deleted may never say how it ended. */
export function isFailed(job: batchv1.Job, pod: corev1.Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod);
}

/** The longest prefix of a generated name: five letters come behind it. */
const MAX_PREFIX = 58;

/** A long name is cut so that the index is seen in the names of its pods, as upstream's podGenerateNameWithIndex. */
function prefixOf(name: string, index: number): string {
  const end = `-${index}-`;
  return `${name.slice(0, MAX_PREFIX - end.length)}${end}`;
}

/** A pod of a Job; of an Indexed one it is for this index, after the last one of that index that failed. */
export function jobPod(job: batchv1.Job, index?: number, lastFailed?: corev1.Pod): corev1.Pod {
  const { name = '', namespace = '' } = job.metadata;
  const generateName = index === undefined ? `${name}-` : prefixOf(name, index);
  const pod = podFromTemplate(job.spec?.template, { namespace, generateName, controller: controllerReference(batch.jobs, job) });
  const metadata = { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), TRACKING] };
  if (index === undefined) return { ...pod, metadata };
  const spec = { containers: [], ...pod.spec };
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: { ...metadata.annotations, [COMPLETION_INDEX]: String(index), ...failureAnnotations(job, lastFailed) },
    },
    spec: {
      ...spec,
      hostname: `${name}-${index}`,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndexVariable) }),
    },
  };
}

function withIndexVariable(container: corev1.Container): corev1.Container {
  const { env = [] } = container;
  return env.some(({ name }) => name === INDEX_VARIABLE.name) ? container : { ...container, env: [...env, INDEX_VARIABLE] };
}

function failureAnnotations(job: batchv1.Job, lastFailed: corev1.Pod | undefined): Record<string, string> {
  if (job.spec?.backoffLimitPerIndex === undefined) return {};
  const { counted, ignored } = failureCountsAfter(job, lastFailed);
  return { [INDEX_FAILURES]: String(counted), ...(ignored === 0 ? {} : { [INDEX_IGNORED_FAILURES]: String(ignored) }) };
}
