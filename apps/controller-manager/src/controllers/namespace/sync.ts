import type { corev1, KubeObject } from '@navarch/api';
import type { AnyResource } from '../../resource-types';
import type { Remaining } from './conditions';

/** The finalizer that stands for the content of a namespace. */
export const CONTENT_FINALIZER = 'kubernetes';

/** How soon content that only waits for finalizers is looked at again. */
const FINALIZER_WAIT_SECONDS = 15;

/**
 * What to delete first: pods run with the network policies, secrets and roles that are beside them, so that all
 * else stays until they are gone (upstream's OrderedNamespaceDeletion).
 */
export function deletionOrder(types: readonly AnyResource[]): AnyResource[][] {
  const isPods = ({ group, resource }: AnyResource): boolean => group === '' && resource === 'pods';
  const namespaced = types.filter((type) => type.namespaced);
  return [namespaced.filter(isPods), namespaced.filter((type) => !isPods(type))];
}

/** Counts what is left of one resource after its objects were told to go. */
export function countRemaining({ group, version, resource }: Pick<AnyResource, 'group' | 'resource' | 'version'>, objects: readonly KubeObject[]): Remaining {
  const finalizers = new Map<string, number>();
  for (const { metadata } of objects) for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  return { resource: `${resource}.${group}`, printed: `${group}/${version}, Resource=${resource}`, count: objects.length, finalizers };
}

const isOver = ({ status }: corev1.Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/**
 * What should be gone and is not: nothing holds it, and pods have had the time that they may take. Tells so in upstream's words, one
 * message for each resource.
 */
export function unexpectedItems(namespace: string, remaining: readonly Remaining[], pods: readonly corev1.Pod[], sinceDeletionMs: number): string[] {
  const graceMs = Math.max(0, ...pods.filter((pod) => !isOver(pod)).map(({ spec }) => (spec?.terminationGracePeriodSeconds ?? 0) * 1000));
  const mayBeThere = ({ resource, count, finalizers }: Remaining): boolean => count === 0 || finalizers.size > 0 || (resource === 'pods.' && sinceDeletionMs < graceMs);
  return remaining.filter((one) => !mayBeThere(one)).map(({ printed }) => `unexpected items still remain in namespace: ${namespace} for gvr: ${printed}`);
}

/** Milliseconds until it makes sense to look again: half of what the slowest pod may take, and a second. */
export function retryAfterMs(pods: readonly corev1.Pod[], remaining: readonly Remaining[]): number {
  const grace = Math.max(0, ...pods.filter((pod) => !isOver(pod)).map(({ metadata, spec }) => metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 0));
  const held = remaining.some(({ finalizers }) => finalizers.size > 0) ? FINALIZER_WAIT_SECONDS : 0;
  return (Math.floor(Math.max(grace, held) / 2) + 1) * 1000;
}
