import { qosClassOf, type corev1, type KubeObject } from '@navarch/api';
import { matchesRequirement, type LabelOperator } from '@navarch/apimachinery';

const operators: Readonly<Record<string, LabelOperator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/** All that a quota says of its scope: a scope of the plain list is one that must be there. */
function requirementsOf({ scopes, scopeSelector }: Partial<corev1.ResourceQuotaSpec>): corev1.ScopedResourceSelectorRequirement[] {
  return [...(scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...(scopeSelector?.matchExpressions ?? [])];
}

function valueMatches({ operator, values = [] }: corev1.ScopedResourceSelectorRequirement, value: string): boolean {
  const known = operators[operator];
  return known !== undefined && matchesRequirement({ key: 'value', operator: known, values }, value === '' ? {} : { value });
}

function reachesOtherNamespaces({ affinity }: Partial<corev1.PodSpec>): boolean {
  const sides = [affinity?.podAffinity, affinity?.podAntiAffinity];
  const terms = sides.flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined);
}

function podMatches(requirement: corev1.ScopedResourceSelectorRequirement, pod: corev1.Pod): boolean {
  const spec = pod.spec ?? { containers: [] };
  switch (requirement.scopeName) {
    case 'Terminating':
      return (spec.activeDeadlineSeconds ?? -1) >= 0;
    case 'NotTerminating':
      return (spec.activeDeadlineSeconds ?? -1) < 0;
    case 'BestEffort':
      return qosClassOf(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(spec) !== 'BestEffort';
    case 'PriorityClass':
      return valueMatches(requirement, spec.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec);
    default:
      return false;
  }
}

function claimMatches(requirement: corev1.ScopedResourceSelectorRequirement, { spec, status }: corev1.PersistentVolumeClaim): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const names = new Set([spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName].map((name) => name ?? '').filter((name) => name !== ''));
  return names.size === 0 ? valueMatches(requirement, '') : [...names].some((name) => valueMatches(requirement, name));
}

/** Whether an object lies within the scope of a quota; objects of kinds without scopes lie in none but the whole. */
export function inScope({ spec }: corev1.ResourceQuota, { group, resource }: { group: string; resource: string }, object: KubeObject): boolean {
  const requirements = requirementsOf(spec ?? {});
  if (group === '' && resource === 'pods') return requirements.every((requirement) => podMatches(requirement, object as corev1.Pod));
  if (group === '' && resource === 'persistentvolumeclaims') return requirements.every((requirement) => claimMatches(requirement, object as corev1.PersistentVolumeClaim));
  return requirements.length === 0;
}
