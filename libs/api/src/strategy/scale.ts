import { formatLabelSelector, formatTime } from '@navarch/apimachinery';
import type { autoscalingv1, metav1 } from '../gen';
import type { KubeObject } from '../kube-object';

interface Scalable extends KubeObject {
  readonly spec?: { replicas?: number; selector?: metav1.LabelSelector | Record<string, string> };
  readonly status?: { replicas?: number };
}

/** Resources with a `scale` view; a ReplicationController's selector is plain labels. */
const scalable: Readonly<Record<string, 'labels' | 'selector'>> = {
  '/replicationcontrollers': 'labels',
  'apps/deployments': 'selector',
  'apps/replicasets': 'selector',
  'apps/statefulsets': 'selector',
};

export function isScalable(group: string, resource: string): boolean {
  return scalable[`${group}/${resource}`] !== undefined;
}

/** The Scale of a workload: how many replicas are wanted and there are. */
export function scaleOf(group: string, resource: string, object: KubeObject): autoscalingv1.Scale {
  const { metadata, spec, status } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const plain = scalable[`${group}/${resource}`] === 'labels';
  const text = formatLabelSelector(plain ? { matchLabels: (spec?.selector ?? {}) as Record<string, string> } : spec?.selector);
  const meta = { name, namespace, uid, resourceVersion, creationTimestamp: creationTimestamp ?? formatTime(0) };
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)),
    spec: spec?.replicas ? { replicas: spec.replicas } : {},
    status: { replicas: status?.replicas ?? 0, ...(text === '<none>' ? {} : { selector: text }) },
  };
}

/** The workload with the number of replicas that a Scale asks for; the object is changed. */
export function applyScale(object: KubeObject, scale: Pick<autoscalingv1.Scale, 'spec'>): void {
  const target = object as { spec?: { replicas?: number } };
  target.spec = { ...target.spec, replicas: scale.spec?.replicas ?? 0 };
}
