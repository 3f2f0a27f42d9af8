import { FieldPath } from '@navarch/apimachinery';
import { nameWarning, podWarnings } from '../core/pod/warnings';
import type { corev1 } from '../gen';
import { type Loose } from '../support/loose';

type Workload = Loose<{ metadata: { name?: string; generation?: number }; spec: { template?: corev1.PodTemplateSpec } }>;

/** Whether an update leaves the intent as it was: what was said of it then need not be said again. */
export const sameIntent = (object: Pick<Workload, 'metadata'>, old: Pick<Workload, 'metadata'> | undefined): boolean =>
  old !== undefined && object.metadata?.generation === old.metadata?.generation;

/** Of the pods that a workload's template makes: said when it is made, and when its intent changes. */
export const templateWarnings = (workload: Workload, old: Workload | undefined): string[] =>
  (sameIntent(workload, old) ? [] : podWarnings(workload.spec?.template ?? {}, FieldPath.of('spec', 'template')));

/** The same of a workload whose pods are named after it. */
export const workloadWarnings = (workload: Workload, old: Workload | undefined): string[] =>
  [...(old === undefined ? nameWarning(workload.metadata?.name, 'Pod names and hostnames') : []), ...templateWarnings(workload, old)];
