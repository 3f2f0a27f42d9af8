import { type corev1 } from '@navarch/api';
import { allContainersOf } from '../pods/pod-spec';
import { dividedBy } from '../quantities';

/** The value of a `resourceFieldRef`: an unset limit is the pod's, or else what the node can give. */
export function resourceFieldRefValue(
  pod: corev1.Pod, own: corev1.Container | undefined, ref: corev1.ResourceFieldSelector, allocatable: Readonly<Record<string, string>>,
): string {
  const container = ref.containerName ? allContainersOf(pod).find(({ name }) => name === ref.containerName) : own;
  if (!container) throw new Error(`container ${ref.containerName ?? ''} not found`);
  const [, list, resource] = /^(limits|requests)\.(.+)$/.exec(ref.resource) ?? [];
  if (list === undefined || resource === undefined) throw new Error(`unsupported container resource : ${ref.resource}`);
  const { limits, requests } = container.resources ?? {};
  const set =
    list === 'limits'
      ? (limits?.[resource] ?? (isNodeResource(resource) ? (pod.spec?.resources?.limits?.[resource] ?? allocatable[resource]) : undefined))
      : (requests?.[resource] ?? limits?.[resource]);
  return dividedBy(set ?? '0', ref.divisor);
}

function isNodeResource(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory' || resource === 'ephemeral-storage';
}
