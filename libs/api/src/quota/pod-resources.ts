import { addQuantities, compareQuantities, type Quantity } from '@navarch/apimachinery';
import { aggregateContainers, isPodLevelResource } from '../core/pod/pod-level-resources';
import type { corev1 } from '../gen';
import { list } from '../support/list';
import { type Amounts, formatAmounts, parseAmounts } from './amounts';

type Kind = 'limits' | 'requests';

function atLeast(amounts: Amounts, least: Amounts): Amounts {
  const raised = new Map(amounts);
  for (const [name, quantity] of least) {
    const known = raised.get(name);
    if (known === undefined || compareQuantities(known, quantity) < 0) raised.set(name, quantity);
  }
  return raised;
}

/** A resize that cannot be had leaves the container with what it has. */
function isInfeasible({ status }: corev1.Pod): boolean {
  return list(status?.conditions).some(({ type, status: value, reason }) => type === 'PodResizePending' && value === 'True' && reason === 'Infeasible');
}

function containerAmounts(pod: corev1.Pod, container: corev1.Container, status: corev1.ContainerStatus | undefined, kind: Kind): Amounts {
  const wanted = parseAmounts(container.resources?.[kind]);
  if (status === undefined) return wanted;
  const given = parseAmounts(status.resources?.[kind]);
  const held = kind === 'requests' ? atLeast(given, parseAmounts(status.allocatedResources)) : given;
  return isInfeasible(pod) && held.size > 0 ? held : atLeast(wanted, held);
}

/**
 * What a pod as a whole asks for, or may use: its containers, what it says for all of them, and the overhead of its
 * runtime. While a resize is under way the greater of old and new counts (upstream's resource helpers).
 */
export function podAmounts(pod: corev1.Pod, kind: Kind): Amounts {
  const { spec, status } = pod;
  if (spec === undefined) return new Map();
  const statuses = new Map([...list(status?.containerStatuses), ...list(status?.initContainerStatuses)].map((one) => [one.name, one]));
  const effective = (container: corev1.Container): corev1.Container => ({ ...container, resources: { [kind]: formatAmounts(containerAmounts(pod, container, statuses.get(container.name), kind)) } });
  const total = new Map<string, Quantity>(aggregateContainers({ ...spec, containers: list(spec.containers).map(effective), initContainers: list(spec.initContainers).map(effective) }, kind));
  for (const [name, quantity] of parseAmounts(spec.resources?.[kind])) if (isPodLevelResource(name)) total.set(name, quantity);
  for (const [name, quantity] of parseAmounts(spec.overhead)) {
    const known = total.get(name);
    if (known !== undefined) total.set(name, addQuantities(known, quantity));
    else if (kind === 'requests') total.set(name, quantity);
  }
  return total;
}
