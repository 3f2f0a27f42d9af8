import type { corev1 } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';

export const limitRangerAnnotation = 'kubernetes.io/limit-ranger';

type Limits = Record<string, string>;

/** What containers get that do not say: by the first item that names a resource. */
function containerDefaults({ spec }: corev1.LimitRange): { requests: Limits; limits: Limits } {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest ?? {}).reverse()) as Limits,
    limits: Object.assign({}, ...items.map((item) => item.default ?? {}).reverse()) as Limits,
  };
}

/** Adds what is missing; the names of what was. */
function fill(container: corev1.Container, side: 'limits' | 'requests', defaults: Limits): string[] {
  const own = container.resources?.[side] ?? {};
  const missing = Object.keys(defaults).filter((name) => own[name] === undefined).sort(compareStrings);
  if (missing.length === 0) return [];
  container.resources = { ...container.resources, [side]: { ...own, ...Object.fromEntries(missing.map((name) => [name, defaults[name]])) } };
  return missing;
}

/** Gives the containers of a pod what a LimitRange sets for those that do not say, and notes it on the pod. */
export function applyDefaults(pod: corev1.Pod, range: corev1.LimitRange): void {
  const defaults = containerDefaults(range);
  const notes: string[] = [];
  const complete = (container: corev1.Container, what: string): void => {
    const [limits, requests] = [fill(container, 'limits', defaults.limits), fill(container, 'requests', defaults.requests)];
    if (requests.length > 0) notes.push(`${requests.join(', ')} request for ${what} ${container.name}`);
    if (limits.length > 0) notes.push(`${limits.join(', ')} limit for ${what} ${container.name}`);
  };
  // Admission comes before validation: a pod may still lack what it must have.
  const { containers, initContainers } = (pod.spec ?? {}) as Partial<corev1.PodSpec>;
  for (const container of containers ?? []) complete(container, 'container');
  for (const container of initContainers ?? []) complete(container, 'init container');
  if (notes.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [limitRangerAnnotation]: `LimitRanger plugin set: ${notes.join('; ')}` };
}
