import type { batchv1, corev1, KubeObject } from '@navarch/api';
import type { CheckedPod } from '@navarch/pod-security';

type Template = Pick<corev1.PodTemplateSpec, 'metadata' | 'spec'> | undefined;
interface Templated {
  readonly spec?: { readonly template?: Template };
}

const ofSpec = (object: KubeObject): Template => (object as Templated).spec?.template;

/** Where each kind that makes pods keeps its template. */
const templates: Readonly<Record<string, (object: KubeObject) => Template>> = {
  '/podtemplates': (object) => (object as corev1.PodTemplate).template,
  '/replicationcontrollers': ofSpec,
  'apps/daemonsets': ofSpec,
  'apps/deployments': ofSpec,
  'apps/replicasets': ofSpec,
  'apps/statefulsets': ofSpec,
  'batch/jobs': ofSpec,
  'batch/cronjobs': (object) => (object as batchv1.CronJob).spec.jobTemplate.spec?.template,
};

export const hasTemplate = (group: string, resource: string): boolean => `${group}/${resource}` in templates;

/** The pod that an object would make; undefined without a template. */
export function templateOf(group: string, resource: string, object: KubeObject): CheckedPod | undefined {
  const template = templates[`${group}/${resource}`]?.(object);
  return template?.spec && { metadata: template.metadata ?? {}, spec: template.spec };
}
