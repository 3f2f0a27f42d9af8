import type { corev1, KubeObject } from '@navarch/api';
import { type FieldError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { FurtherRule } from './resource-definition';

/** Where kinds have what pods are made by. */
const SPECS: Readonly<Record<string, readonly string[]>> = {
  '/pods': ['spec'],
  '/podtemplates': ['template', 'spec'],
  '/replicationcontrollers': ['spec', 'template', 'spec'],
  'apps/daemonsets': ['spec', 'template', 'spec'],
  'apps/deployments': ['spec', 'template', 'spec'],
  'apps/replicasets': ['spec', 'template', 'spec'],
  'apps/statefulsets': ['spec', 'template', 'spec'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'batch/jobs': ['spec', 'template', 'spec'],
};
const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

function faultsAt([first = '', ...rest]: readonly string[]): FurtherRule {
  const path = rest.reduce((at, name) => at.child(name), FieldPath.of(first));
  return (object: KubeObject): FieldError[] => {
    const spec = [first, ...rest].reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], object) as corev1.PodSpec | undefined;
    return LISTS.flatMap((list) => (spec?.[list] ?? []).flatMap(({ securityContext }, i) =>
      securityContext?.privileged === true ? [fieldErrors.forbidden(path.child(list).index(i).child('securityContext', 'privileged'), 'disallowed by cluster policy')] : []));
  };
}

/** `--allow-privileged=false`: no container may be, as ValidateSecurityContext of pkg/apis/core/validation has it. */
export const unprivilegedRules: Readonly<Record<string, FurtherRule>> = Object.fromEntries(
  Object.entries(SPECS).flatMap(([resource, path]): [string, FurtherRule][] => {
    const rule = faultsAt(path);
    const names = resource === '/pods' ? [resource, `${resource}/ephemeralcontainers`] : [resource];
    return names.map((name) => [name, rule]);
  }),
);
