import type { corev1, KubeObject } from '@navarch/api';
import { badRequest, conflict, formatTime, invalid, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { Cached, ResourceStore } from './resource-store';
import { update } from './update';
import type { WriteContext } from './write-context';

interface Pod extends KubeObject {
  spec: corev1.PodSpec;
  status?: corev1.PodStatus;
}

/** A pod's conditions, with the one that says it is scheduled. */
function scheduledConditions(conditions: readonly corev1.PodCondition[], nowMs: number): corev1.PodCondition[] {
  const now = formatTime(nowMs);
  const at = conditions.findIndex(({ type }) => type === 'PodScheduled');
  const before = conditions[at];
  if (before === undefined) return [...conditions, { type: 'PodScheduled', status: 'True', lastTransitionTime: now }];
  if (before.status === 'True') return [...conditions];
  const scheduled: corev1.PodCondition = { ...before, status: 'True', lastTransitionTime: now };
  delete scheduled.reason;
  delete scheduled.message;
  return conditions.with(at, scheduled);
}

/**
 * What becomes of a pod that gets a node. It shares with the pod as it was what stays the same: a pod is bound once in its life, and parsing
 * all of it anew for these few fields costs as much as the rest. @throws conflict
 */
export function bound(pod: Pod, { metadata, target }: corev1.Binding, nowMs: number): Pod {
  const name = pod.metadata.name ?? '';
  const refused = (why: string): Error => conflict({ group: '', resource: 'pods' }, name, `pod ${name} ${why}`);
  if (pod.metadata.deletionTimestamp !== undefined) throw refused('is being deleted, cannot be assigned to a host');
  if ((pod.spec.nodeName ?? '') !== '') throw refused(`is already assigned to node "${pod.spec.nodeName ?? ''}"`);
  if ((pod.spec.schedulingGates?.length ?? 0) > 0) throw refused('has non-empty .spec.schedulingGates');
  const status: corev1.PodStatus = { ...pod.status, conditions: scheduledConditions(pod.status?.conditions ?? [], nowMs) };
  // Where it was expected to be is of no more use (upstream's ClearingNominatedNodeNameAfterBinding).
  delete status.nominatedNodeName;
  const joined = { ...pod.metadata };
  for (const field of ['annotations', 'labels'] as const) {
    const given = metadata[field];
    if (given !== undefined && Object.keys(given).length > 0) joined[field] = { ...joined[field], ...given };
  }
  return { ...pod, metadata: joined, spec: { ...pod.spec, nodeName: target.name ?? '' }, status };
}

/**
 * Assigns a pod to a node, once and for all: POST to `pods/<name>/binding` or `bindings`. Admission sees the Binding, by `validate`,
 * and not what becomes of the pod. @throws conflict, invalid
 */
export async function bind(pods: ResourceStore, namespace: string, name: string, binding: corev1.Binding, context: WriteContext, validate: () => void | Promise<void> = () => undefined): Promise<unknown> {
  if ((binding.metadata.name ?? '') !== name) throw badRequest('name in URL does not match name in Binding object');
  const { target } = binding;
  const errors = [];
  if (target.kind !== undefined && target.kind !== '' && target.kind !== 'Node')
    errors.push(fieldErrors.notSupported(FieldPath.of('target', 'kind'), target.kind, ['Node', '<empty>']));
  if ((target.name ?? '') === '') errors.push(fieldErrors.required(FieldPath.of('target', 'name')));
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, errors);
  await validate();
  return update(pods, {
    namespace,
    name,
    subresource: 'binding',
    createsMissing: false,
    managedFieldsDone: true,
    ...(binding.metadata.uid === undefined || binding.metadata.uid === '' ? {} : { preconditions: { uid: binding.metadata.uid } }),
    compute: (current: Cached | undefined) => {
      if (!current) throw badRequest('there is no pod to bind');
      return bound(current.object as Pod, binding, pods.deps.clock.now());
    },
  }, { ...context, trusted: true });
}
