import type { corev1 } from '@navarch/api';

/** What terms look at of a node. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const wholeNumber = /^[+-]?\d+$/;

function requirementMatches(requirement: corev1.NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const limit = values[0] ?? '';
      if (value === undefined || !wholeNumber.test(value) || !wholeNumber.test(limit)) return false;
      return requirement.operator === 'Gt' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit);
    }
    default:
      return false;
  }
}

/** All requirements of a term hold. An empty term matches nothing. */
export function termMatches(term: corev1.NodeSelectorTerm, node: SelectableNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return expressions.every((requirement) => requirementMatches(requirement, node.labels[requirement.key]))
    && fields.every((requirement) => requirement.key === 'metadata.name' && requirementMatches(requirement, node.name));
}

/** Any term of a node selector matches. */
export function nodeSelectorMatches(selector: corev1.NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** A pod's `nodeSelector` and required node affinity, as one question. */
export function matchesNodeSelection(spec: corev1.PodSpec, node: SelectableNode): boolean {
  if (spec.nodeSelector !== undefined) for (const [key, value] of Object.entries(spec.nodeSelector)) if (node.labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || nodeSelectorMatches(required, node);
}

/** Whether a pod has a say in its node at all. */
export function selectsNodes(spec: corev1.PodSpec): boolean {
  return spec.nodeSelector !== undefined || spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
}

/** The nodes that `metadata.name` leaves, if every term names some (upstream's PreFilter of NodeAffinity). */
export function namedNodes(selector: corev1.NodeSelector | undefined): ReadonlySet<string> | undefined {
  if (selector === undefined) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of selector.nodeSelectorTerms) {
    const named = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values);
    const [first, ...others] = named;
    if (first === undefined) return undefined;
    for (const name of first) if (others.every((values) => values.includes(name))) names.add(name);
  }
  return names;
}
