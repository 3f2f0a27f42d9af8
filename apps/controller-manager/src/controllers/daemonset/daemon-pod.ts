import { apps, type appsv1, type corev1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { POD_REVISION } from '../../history/revisions';
import { podFromTemplate } from '../../pods/pod-from-template';

const TEMPLATE_GENERATION = 'pod-template-generation';
const NAME_FIELD = 'metadata.name';

const tolerate = (key: string, effect: 'NoExecute' | 'NoSchedule'): corev1.Toleration => ({ key, operator: 'Exists', effect });
/** Daemons stay on a node whatever befalls it. */
const TOLERATIONS: readonly corev1.Toleration[] = [
  tolerate('node.kubernetes.io/not-ready', 'NoExecute'),
  tolerate('node.kubernetes.io/unreachable', 'NoExecute'),
  tolerate('node.kubernetes.io/disk-pressure', 'NoSchedule'),
  tolerate('node.kubernetes.io/memory-pressure', 'NoSchedule'),
  tolerate('node.kubernetes.io/pid-pressure', 'NoSchedule'),
  tolerate('node.kubernetes.io/unschedulable', 'NoSchedule'),
];
/** A pod on the host's own network needs no other. */
const HOST_NETWORK = tolerate('node.kubernetes.io/network-unavailable', 'NoSchedule');

/** A pod's tolerations with those of every daemon; one that is there already stays. */
export function daemonTolerations(spec: corev1.PodSpec | undefined): corev1.Toleration[] {
  const own = spec?.tolerations ?? [];
  const wanted = spec?.hostNetwork === true ? [...TOLERATIONS, HOST_NETWORK] : TOLERATIONS;
  const has = ({ key, effect }: corev1.Toleration): boolean => own.some((one) => one.key === key && one.effect === effect && one.operator === 'Exists' && one.tolerationSeconds === undefined);
  return [...own, ...wanted.filter((toleration) => !has(toleration))];
}

/** The pod for one node: the scheduler can place it nowhere else. */
export function daemonPod(daemonSet: appsv1.DaemonSet, node: string, hash: string): corev1.Pod {
  const { template } = daemonSet.spec ?? {};
  const pod = podFromTemplate(template, {
    namespace: daemonSet.metadata.namespace ?? '',
    generateName: `${daemonSet.metadata.name ?? ''}-`,
    controller: controllerReference(apps.daemonsets, daemonSet),
  });
  const generation = daemonSet.metadata.annotations?.['deprecated.daemonset.template.generation'];
  const labels = { ...pod.metadata.labels, ...(generation === undefined ? {} : { [TEMPLATE_GENERATION]: generation }), [POD_REVISION]: hash };
  const nodeAffinity = {
    ...template?.spec?.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: NAME_FIELD, operator: 'In', values: [node] }] }] },
  };
  const spec: corev1.PodSpec = { containers: [], ...pod.spec, affinity: { ...pod.spec?.affinity, nodeAffinity }, tolerations: daemonTolerations(template?.spec) };
  return { ...pod, metadata: { ...pod.metadata, labels }, spec };
}

/** The node a pod is on, or was made for. */
export function targetNodeOf({ spec }: corev1.Pod): string | undefined {
  if (spec?.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator, values }) => key === NAME_FIELD && operator === 'In' && values?.length === 1);
    if (field !== undefined) return field.values?.[0];
  }
  return undefined;
}

/** Whether a pod is of the present template. */
export function isUpdated({ metadata }: corev1.Pod, daemonSet: appsv1.DaemonSet, hash: string): boolean {
  const { labels = {} } = metadata;
  const generation = daemonSet.metadata.annotations?.['deprecated.daemonset.template.generation'];
  return labels[POD_REVISION] === hash || (generation !== undefined && labels[TEMPLATE_GENERATION] === generation && labels[POD_REVISION] === undefined);
}
