import { FieldPath } from '@navarch/apimachinery';
import { nameWarning, podWarnings } from '../core/pod/warnings';
import type { corev1 } from '../gen';
import { type Loose } from '../support/loose';

type Workload = Loose<{ metadata: { name?: string; generation?: number }; spec: { template?: corev1.PodTemplateSpec } }>;

/** Of a workload whose pods are made from a template: said when it is made, and when its intent changes. */
export function workloadWarnings(workload: Workload, old: Workload | undefined): string[] {
  if (old !== undefined && workload.metadata?.generation === old.metadata?.generation) return [];
  return [...(old === undefined ? nameWarning(workload.metadata?.name, 'Pod names and hostnames') : []), ...podWarnings(workload.spec?.template ?? {}, FieldPath.of('spec', 'template'))];
}
