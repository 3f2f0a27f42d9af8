import type { corev1 } from '@navarch/api';
import type { NodeInfo } from '../node-info';

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
export function termMatches(term: corev1.NodeSelectorTerm, node: NodeInfo): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return expressions.every((requirement) => requirementMatches(requirement, node.labels[requirement.key]))
    && fields.every((requirement) => requirement.key === 'metadata.name' && requirementMatches(requirement, node.name));
}

/** A pod's `nodeSelector` and required node affinity, as one question. */
export function matchesNodeSelection(spec: corev1.PodSpec, node: NodeInfo): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (node.labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}
