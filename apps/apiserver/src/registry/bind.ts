import type { corev1, KubeObject } from '@navarch/api';
import { badRequest, conflict, formatTime, invalid, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { Cached, ResourceStore } from './resource-store';
import { update } from './update';
import type { WriteContext } from './write-context';

interface Pod extends KubeObject {
  spec: corev1.PodSpec;
  status?: corev1.PodStatus;
}

function bound(resource: ResourceStore, pod: Pod, binding: corev1.Binding, nowMs: number): Pod {
  const name = pod.metadata.name ?? '';
  const node = binding.target.name ?? '';
  if (pod.metadata.deletionTimestamp !== undefined) throw conflict(resource.groupResource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if ((pod.spec.nodeName ?? '') !== '') throw conflict(resource.groupResource, name, `pod ${name} is already assigned to node "${pod.spec.nodeName ?? ''}"`);
  if ((pod.spec.schedulingGates?.length ?? 0) > 0) throw conflict(resource.groupResource, name, `pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec.nodeName = node;
  // Where it was expected to be is of no more use (upstream's ClearingNominatedNodeNameAfterBinding).
  delete pod.status?.nominatedNodeName;
  for (const [key, value] of Object.entries(binding.metadata.annotations ?? {})) (pod.metadata.annotations ??= {})[key] = value;
  for (const [key, value] of Object.entries(binding.metadata.labels ?? {})) (pod.metadata.labels ??= {})[key] = value;
  pod.status ??= {};
  const conditions = (pod.status.conditions ??= []);
  const now = formatTime(nowMs);
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (!scheduled) conditions.push({ type: 'PodScheduled', status: 'True', lastTransitionTime: now });
  else if (scheduled.status !== 'True') {
    scheduled.status = 'True';
    scheduled.lastTransitionTime = now;
    delete scheduled.reason;
    delete scheduled.message;
  }
  return pod;
}

/**
 * Assigns a pod to a node, once and for all: POST to `pods/<name>/binding` or `bindings`. Admission sees the Binding, by `validate`,
 * and not what becomes of the pod. @throws conflict, invalid
 */
export async function bind(pods: ResourceStore, namespace: string, name: string, binding: corev1.Binding, context: WriteContext, validate: () => void | Promise<void> = () => undefined): Promise<unknown> {
  const { target } = binding;
  const errors = [];
  if (target.kind !== undefined && target.kind !== '' && target.kind !== 'Node')
    errors.push(fieldErrors.notSupported(FieldPath.of('target', 'kind'), target.kind, ['Node', '<empty>']));
  if ((target.name ?? '') === '') errors.push(fieldErrors.required(FieldPath.of('target', 'name')));
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, errors);
  const bodyName = binding.metadata.name ?? '';
  if (bodyName !== '' && bodyName !== name) throw badRequest('name in URL does not match name in Binding object');
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
      return bound(pods, current.parse() as Pod, binding, pods.deps.clock.now());
    },
  }, { ...context, trusted: true });
}
