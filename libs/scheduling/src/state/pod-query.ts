import type { metav1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { PodInfo } from './pod-info';

/** Which pods are meant: those in some namespaces whose labels match. */
export interface PodTerm {
  readonly namespaces: readonly string[];
  readonly namespaceSelector?: metav1.LabelSelector | undefined;
  readonly selector: metav1.LabelSelector | undefined;
}

/** Pods that every term means. */
export interface PodQuery {
  readonly terms: readonly PodTerm[];
  /** Only those of this controller, by its uid. */
  readonly controller?: string;
  /** Pods on their way out do not count. */
  readonly onlyStaying: boolean;
}

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>>;

export function termSelects({ namespaces, namespaceSelector, selector }: PodTerm, pod: Pick<PodInfo, 'namespace' | 'labels'>, labelsOf: NamespaceLabels): boolean {
  if (!namespaces.includes(pod.namespace) && !(namespaceSelector !== undefined && matchesLabelSelector(namespaceSelector, labelsOf(pod.namespace)))) return false;
  return matchesLabelSelector(selector, pod.labels);
}

export function querySelects(query: PodQuery, pod: PodInfo, labelsOf: NamespaceLabels): boolean {
  if (query.onlyStaying && pod.terminating) return false;
  if (query.controller !== undefined && query.controller !== pod.controllerUid) return false;
  return query.terms.every((term) => termSelects(term, pod, labelsOf));
}

/** Equal queries have equal keys. */
export const queryKey = ({ terms, onlyStaying, controller = '' }: PodQuery): string => `${onlyStaying ? 's' : 'a'}${controller}${JSON.stringify(terms)}`;

/** The selector with labels that must be equal, or must not be, to those of the pod that asks. */
export function withLabelKeys(
  selector: metav1.LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
  equal: readonly string[] = [],
  different: readonly string[] = [],
): metav1.LabelSelector | undefined {
  const requirement = (operator: string) => (key: string) => ({ key, operator, values: [labels[key] as string] });
  const known = (key: string): boolean => labels[key] !== undefined;
  const extra = [...equal.filter(known).map(requirement('In')), ...different.filter(known).map(requirement('NotIn'))];
  // A missing selector selects nothing, whatever is added to it.
  return extra.length === 0 || selector === undefined ? selector : { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...extra] };
}
