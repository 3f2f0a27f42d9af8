import { apps, type appsv1, type corev1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { POD_REVISION, templateOf } from '../../history/revisions';
import { podFromTemplate } from '../../pods/pod-from-template';

type StatefulSet = appsv1.StatefulSet;

const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';

export const firstOrdinal = ({ spec }: StatefulSet): number => spec?.ordinals?.start ?? 0;
export const replicasOf = ({ spec }: StatefulSet): number => spec?.replicas ?? 1;

export const podNameOf = (set: StatefulSet, ordinal: number): string => `${set.metadata.name ?? ''}-${ordinal}`;

/** The number at the end of a pod's name; undefined when the name is not one of this set's. */
export function ordinalOf(set: StatefulSet, { metadata }: corev1.Pod): number | undefined {
  const [, parent, number] = /^(.*)-(\d+)$/.exec(metadata.name ?? '') ?? [];
  return parent === set.metadata.name ? Number(number) : undefined;
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= firstOrdinal(set) && ordinal < firstOrdinal(set) + replicasOf(set);
}

export const claimNameOf = (template: corev1.PersistentVolumeClaim, podName: string): string => `${template.metadata.name ?? ''}-${podName}`;

/** The revision a pod is of. */
export const podRevisionOf = ({ metadata }: corev1.Pod): string => metadata.labels?.[POD_REVISION] ?? '';

/** The pod of an ordinal, of one revision: its name, host name, labels and claims are the ordinal's own and stay so. */
export function statefulPod(set: StatefulSet, ordinal: number, revision: appsv1.ControllerRevision): corev1.Pod {
  const name = podNameOf(set, ordinal);
  const pod = podFromTemplate(templateOf(revision), { name, namespace: set.metadata.namespace ?? '', controller: controllerReference(apps.statefulsets, set) });
  return withIdentity(set, ordinal, { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [POD_REVISION]: revision.metadata.name ?? '' } } });
}

function withIdentity(set: StatefulSet, ordinal: number, pod: corev1.Pod): corev1.Pod {
  const name = podNameOf(set, ordinal);
  const { serviceName, volumeClaimTemplates = [] } = set.spec ?? {};
  const claims = volumeClaimTemplates.map((template): corev1.Volume => ({ name: template.metadata.name ?? '', persistentVolumeClaim: { claimName: claimNameOf(template, name) } }));
  // A claim takes the place of a volume of the same name in the template.
  const others = (pod.spec?.volumes ?? []).filter((volume) => !claims.some((claim) => claim.name === volume.name));
  const volumes = [...claims, ...others];
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [POD_NAME]: name, [POD_INDEX]: String(ordinal) } },
    spec: { containers: [], ...pod.spec, hostname: name, ...(serviceName === undefined ? {} : { subdomain: serviceName }), ...(volumes.length === 0 ? {} : { volumes }) },
  };
}

/** The pod with the labels of its ordinal, if it lacks any; only labels of a pod can be mended. */
export function mendedIdentity(set: StatefulSet, ordinal: number, pod: corev1.Pod): corev1.Pod | undefined {
  const { labels = {} } = pod.metadata;
  const name = podNameOf(set, ordinal);
  if (labels[POD_NAME] === name && labels[POD_INDEX] === String(ordinal)) return undefined;
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, [POD_NAME]: name, [POD_INDEX]: String(ordinal) } } };
}
