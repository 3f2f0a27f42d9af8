import { labelKeyMessages, labelValueMessages } from '@navarch/apimachinery';
import { faultsOf, integer, listOf, object, text } from './shape';

const requirements = listOf(object({ key: text, operator: text, values: listOf(text) }, 'key', 'operator'));
const term = object({ matchExpressions: requirements, matchFields: requirements });

/** A NodeAffinity, as it stands in NodeAffinityArgs. */
export const affinityShape = object({
  requiredDuringSchedulingIgnoredDuringExecution: object({ nodeSelectorTerms: listOf(term) }, 'nodeSelectorTerms'),
  preferredDuringSchedulingIgnoredDuringExecution: listOf(object({ weight: integer(), preference: term }, 'weight', 'preference')),
});

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null;
}

interface Term {
  readonly matchExpressions?: readonly Requirement[] | null;
  readonly matchFields?: readonly Requirement[] | null;
}

interface Affinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly Term[] } | null;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { readonly weight: number; readonly preference: Term }[] | null;
}

/** What of an affinity cannot be asked of a node (upstream's nodeaffinity.NewNodeSelector and NewPreferredSchedulingTerms). */
export function affinityFaults(value: unknown, path: string): string[] {
  const faults = faultsOf(value, affinityShape, path);
  if (faults.length > 0) return faults;
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred } = value as Affinity;
  return [
    ...(required?.nodeSelectorTerms ?? []).flatMap((entry, index) => termFaults(entry, `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`)),
    // One without weight is never asked.
    ...(preferred ?? []).flatMap(({ weight, preference }, index) => (weight === 0 ? [] : termFaults(preference, `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`))),
  ];
}

function termFaults({ matchExpressions, matchFields }: Term, path: string): string[] {
  return [
    ...(matchExpressions ?? []).flatMap((requirement, index) => labelFaults(requirement, `${path}.matchExpressions[${index}]`)),
    ...(matchFields ?? []).flatMap((requirement, index) => fieldFaults(requirement, `${path}.matchFields[${index}]`)),
  ];
}

/** Keys and values that no label can have are faults too (upstream's labels.NewRequirement). */
function labelFaults(requirement: Requirement, path: string): string[] {
  const ofKey = labelKeyMessages(requirement.key).map((message) => `${path}.key: ${message}`);
  const ofValues = (requirement.values ?? []).flatMap((value, index) => labelValueMessages(value).map((message) => `${path}.values[${index}]: ${message}`));
  return [...ofKey, ...operatorFaults(requirement, path), ...ofValues];
}

function operatorFaults({ operator, values }: Requirement, path: string): string[] {
  const { length } = values ?? [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      return length === 0 ? [`${path}.values: for 'in', 'notin' operators, values set can't be empty`] : [];
    case 'Exists':
    case 'DoesNotExist':
      return length > 0 ? [`${path}.values: values set must be empty for exists and does not exist`] : [];
    case 'Gt':
    case 'Lt':
      if (length !== 1) return [`${path}.values: for 'Gt', 'Lt' operators, exactly one value is required`];
      return /^[+-]?\d+$/.test(values?.[0] ?? '') ? [] : [`${path}.values[0]: for 'Gt', 'Lt' operators, the value must be an integer`];
    default:
      return [`${path}.operator: "${operator}" is not a valid node selector operator`];
  }
}

function fieldFaults({ key, operator, values }: Requirement, path: string): string[] {
  if (operator !== 'In' && operator !== 'NotIn') return [`${path}.operator: "${operator}" is not one of "In", "NotIn"`];
  if (key !== 'metadata.name') return [`${path}.key: "${key}" is not a valid field selector key`];
  return values?.length === 1 ? [] : [`${path}.values: must have one element`];
}
