import type { corev1 } from '@navarch/api';
import { compareStrings, formatTime } from '@navarch/apimachinery';

/** What is left of one resource in a namespace. */
export interface Remaining {
  /** `pods.` or `deployments.apps`: resource, dot, group. */
  readonly resource: string;
  readonly count: number;
  /** As Go prints the resource with its version: `apps/v1, Resource=deployments`. */
  readonly printed: string;
  /** How many of them each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
}

export interface ContentFacts {
  readonly remaining: readonly Remaining[];
  /** Messages of deletes and lists that failed. */
  readonly errors: readonly string[];
  /** By `<group>/<version>`: why nobody knows what is in the namespace of it. */
  readonly undiscovered: ReadonlyMap<string, string>;
}

/** In client-go's words. */
export function discoveryFailure(undiscovered: ContentFacts['undiscovered']): string {
  const failing = [...undiscovered].map(([groupVersion, why]) => `${groupVersion}: ${why}`).sort(compareStrings);
  return `unable to retrieve the complete list of server APIs: ${failing.join(', ')}`;
}

type Condition = corev1.NamespaceCondition;

/** The conditions of a namespace being deleted, in upstream's words; those that are there keep their place, others come behind them in upstream's order. */
export function deletionConditions(before: readonly Condition[], { remaining, errors, undiscovered }: ContentFacts, nowMs: number): Condition[] {
  const left = remaining.filter(({ count }) => count > 0).sort((a, b) => (a.resource < b.resource ? -1 : 1));
  const finalizers = new Map<string, number>();
  for (const { finalizers: own } of left) for (const [name, count] of own) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  const held = [...finalizers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} in ${count} resource instances`);
  const wanted: Omit<Condition, 'lastTransitionTime'>[] = [
    undiscovered.size === 0
      ? { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' }
      : { type: 'NamespaceDeletionDiscoveryFailure', status: 'True', reason: 'DiscoveryFailed', message: `Discovery failed for some groups, ${undiscovered.size} failing: ${discoveryFailure(undiscovered)}` },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    errors.length === 0
      ? { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' }
      : { type: 'NamespaceDeletionContentFailure', status: 'True', reason: 'ContentDeletionFailed', message: `Failed to delete all resource types, ${errors.length} remaining: ${[...errors].sort(compareStrings).join(', ')}` },
    left.length === 0
      ? { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' }
      : { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${left.map(({ resource, count }) => `${resource} has ${count} resource instances`).join(', ')}` },
    held.length === 0
      ? { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' }
      : { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${held.join(', ')}` },
  ];
  const byType = new Map(wanted.map((condition) => [condition.type, condition]));
  const kept = before.map((current) => {
    const next = byType.get(current.type);
    return next === undefined ? current : merged(current, next, nowMs);
  });
  const added = wanted.filter(({ type }) => !before.some((current) => current.type === type)).map((condition) => merged(undefined, condition, nowMs));
  return [...kept, ...added];
}

/** The time is that of the last change of status. */
function merged(current: Condition | undefined, wanted: Omit<Condition, 'lastTransitionTime'>, nowMs: number): Condition {
  const since = current?.status === wanted.status ? current.lastTransitionTime : undefined;
  return { ...wanted, lastTransitionTime: since ?? formatTime(nowMs) };
}
