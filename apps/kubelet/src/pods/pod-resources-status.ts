import { aggregateContainers, type corev1 } from '@navarch/api';
import { addQuantities, formatQuantity, parseQuantity, subtractQuantities, type Quantity } from '@navarch/apimachinery';
import { containersOf, initContainersOf } from './pod-spec';

type Amounts = Readonly<Record<string, string>>;
type Shown = Pick<corev1.PodStatus, 'allocatedResources' | 'resources'>;

/**
 * What a status says that a pod as a whole asks for and may use; where the pod does not say, that is the sum over its containers. `given`: the pod
 * with what its groups have; `allocated`: with what is set aside for it.
 */
export function podResourcesStatus(given: corev1.Pod, allocated: corev1.Pod, running: boolean): Shown {
  const requests = totals(allocated, 'requests');
  // What does not run has only what it says itself.
  const shown = running ? { limits: limitsOf(given), requests: totals(given, 'requests') } : allocated.spec?.resources ?? {};
  const resources = { ...notEmpty('limits', shown.limits), ...notEmpty('requests', shown.requests) };
  return { ...notEmpty('allocatedResources', requests), ...notEmpty('resources', resources) };
}

/**
 * What a pod as a whole was given, of what it asks for, as its status tells. The status has only what can be resized, and tells the sum over the
 * containers of what the pod itself does not ask for.
 */
export function podResourcesFromStatus({ spec, status }: corev1.Pod): corev1.ResourceRequirements | undefined {
  if (!spec?.resources || !status?.resources) return undefined;
  const { resources: asked } = spec;
  const { resources: told, phase } = status;
  const less = phase === 'Running' ? spec.overhead : undefined;
  const { limits: _limits, requests: _requests, ...others } = asked;
  const given = (kind: 'requests' | 'limits'): Amounts => {
    const amounts = withOverhead(told[kind] ?? {}, less, subtractQuantities);
    return Object.fromEntries(Object.entries(asked[kind] ?? {}).flatMap(([name, amount]) => {
      const had = isResizable(name) ? amounts[name] : amount;
      return had === undefined ? [] : [[name, had]];
    }));
  };
  return { ...others, ...notEmpty('limits', given('limits')), ...notEmpty('requests', given('requests')) };
}

const isResizable = (name: string): boolean => name === 'cpu' || name === 'memory';

/** With overhead, which a pod's group has and its containers have not. */
function totals({ spec }: corev1.Pod, kind: 'requests' | 'limits'): Amounts {
  if (!spec) return {};
  const own = spec.resources?.[kind];
  return withOverhead(own ?? Object.fromEntries([...aggregateContainers(spec, kind)].map(([name, quantity]) => [name, formatQuantity(quantity)])), spec.overhead, addQuantities);
}

/** Only what all containers limit is limited in the pod as a whole. */
function limitsOf(pod: corev1.Pod): Amounts {
  const limits = totals(pod, 'limits');
  const own = pod.spec?.resources?.limits;
  const isLimited = (name: string): boolean => own?.[name] !== undefined || [...initContainersOf(pod), ...containersOf(pod)].every(({ resources }) => resources?.limits?.[name] !== undefined);
  return Object.fromEntries(Object.entries(limits).filter(([name]) => isResizable(name) && isLimited(name)));
}

function withOverhead(amounts: Amounts, overhead: Amounts | undefined, change: (amount: Quantity, overhead: Quantity) => Quantity): Amounts {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      overhead?.[name] === undefined ? amount : formatQuantity(change(parseQuantity(amount), parseQuantity(overhead[name]))),
    ]),
  );
}

function notEmpty<K extends string, T extends object>(key: K, value: T | undefined): { [key in K]?: T } {
  return value && Object.keys(value).length > 0 ? { [key]: value } as { [key in K]?: T } : {};
}
