import { dns1123LabelMessages, fieldErrors, type FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, present, qualifiedName, refuse } from '../../../validation/rules';
import { validateNodeSelector, validateNodeSelectorTerm } from './node-selector';

const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const required = 'requiredDuringSchedulingIgnoredDuringExecution';

function validateWeight(weight: number | undefined, path: FieldPath, found: Findings): void {
  if (weight === undefined || weight < 1 || weight > 100) found.push(fieldErrors.invalid(path.child('weight'), weight ?? 0, 'must be in the range 1-100'));
}

function validatePodTerm(term: Loose<corev1.PodAffinityTerm>, path: FieldPath, found: Findings): void {
  found.push(...validateLabelSelector(term.labelSelector as LabelSelector | undefined, path.child('labelSelector')));
  found.push(...validateLabelSelector(term.namespaceSelector as LabelSelector | undefined, path.child('namespaceSelector')));
  for (const name of list(term.namespaces)) refuse(dns1123LabelMessages(name), name, path.child('namespace'), found);
  list(term.matchLabelKeys).forEach((key, i) => qualifiedName(key, path.child('matchLabelKeys').index(i), found));
  list(term.mismatchLabelKeys).forEach((key, i) => qualifiedName(key, path.child('mismatchLabelKeys').index(i), found));
  if (present(term.topologyKey, path.child('topologyKey'), found, 'can not be empty')) qualifiedName(term.topologyKey, path.child('topologyKey'), found);
}

function validatePodTerms(affinity: Loose<corev1.PodAffinity> | undefined, path: FieldPath, found: Findings): void {
  list(affinity?.[required]).forEach((term, i) => validatePodTerm(term, path.child(required).index(i), found));
  list(affinity?.[preferred]).forEach(({ weight, podAffinityTerm }, i) => {
    const at = path.child(preferred).index(i);
    validateWeight(weight, at, found);
    validatePodTerm(podAffinityTerm ?? {}, at.child('podAffinityTerm'), found);
  });
}

export function validateAffinity(affinity: Loose<corev1.Affinity> | undefined, path: FieldPath, found: Findings): void {
  const nodes = affinity?.nodeAffinity;
  const nodesPath = path.child('nodeAffinity');
  if (nodes?.[required]) validateNodeSelector(nodes[required], nodesPath.child(required), found);
  list(nodes?.[preferred]).forEach(({ weight, preference }, i) => {
    const at = nodesPath.child(preferred).index(i);
    validateWeight(weight, at, found);
    validateNodeSelectorTerm(preference ?? {}, at.child('preference'), found);
  });
  validatePodTerms(affinity?.podAffinity, path.child('podAffinity'), found);
  validatePodTerms(affinity?.podAntiAffinity, path.child('podAntiAffinity'), found);
}
