import { dns1123LabelMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, present, qualifiedName, refuse } from '../../../validation/rules';
import { selectorFaults, type SelectorPart } from '../../../validation/selector-faults';
import { validateLabelKeys } from './label-keys';
import { validateNodeSelector, validateNodeSelectorTerm } from './node-selector';

const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const required = 'requiredDuringSchedulingIgnoredDuringExecution';

function validateWeight(weight: number | undefined, path: FieldPath, found: Findings): void {
  if (weight === undefined || weight < 1 || weight > 100) found.push(fieldErrors.invalid(path.child('weight'), weight ?? 0, 'must be in the range 1-100'));
}

type Affinity = Loose<corev1.Affinity>;

/** All selectors of pods and namespaces. */
function selectorsOf({ podAffinity, podAntiAffinity }: Affinity = {}): SelectorPart[] {
  const terms = [podAffinity, podAntiAffinity].flatMap((each) => [...list(each?.[required]), ...list(each?.[preferred]).map(({ podAffinityTerm = {} }) => podAffinityTerm)]);
  return terms.flatMap(({ labelSelector, namespaceSelector }) => [labelSelector, namespaceSelector]);
}

function validatePodTerm(term: Loose<corev1.PodAffinityTerm>, before: readonly SelectorPart[], path: FieldPath, found: Findings): void {
  found.push(...selectorFaults(term.labelSelector, path.child('labelSelector'), before));
  found.push(...selectorFaults(term.namespaceSelector, path.child('namespaceSelector'), before));
  for (const name of list(term.namespaces)) refuse(dns1123LabelMessages(name), name, path.child('namespace'), found);
  validateLabelKeys(term, path, found);
  present(term.topologyKey, path.child('topologyKey'), found, 'can not be empty');
  qualifiedName(term.topologyKey ?? '', path.child('topologyKey'), found);
}

function validatePodTerms(affinity: Loose<corev1.PodAffinity> | undefined, before: readonly SelectorPart[], path: FieldPath, found: Findings): void {
  list(affinity?.[required]).forEach((term, i) => validatePodTerm(term, before, path.child(required).index(i), found));
  list(affinity?.[preferred]).forEach(({ weight, podAffinityTerm }, i) => {
    const at = path.child(preferred).index(i);
    validateWeight(weight, at, found);
    validatePodTerm(podAffinityTerm ?? {}, before, at.child('podAffinityTerm'), found);
  });
}

/** `before` is what it replaces: values that no label can have may stay. */
export function validateAffinity(affinity: Affinity | undefined, before: Affinity | undefined, path: FieldPath, found: Findings): void {
  const nodes = affinity?.nodeAffinity;
  const nodesPath = path.child('nodeAffinity');
  if (nodes?.[required]) validateNodeSelector(nodes[required], nodesPath.child(required), found, before?.nodeAffinity?.[required]);
  list(nodes?.[preferred]).forEach(({ weight, preference }, i) => {
    const at = nodesPath.child(preferred).index(i);
    validateWeight(weight, at, found);
    validateNodeSelectorTerm(preference ?? {}, false, at.child('preference'), found);
  });
  const former = selectorsOf(before);
  validatePodTerms(affinity?.podAffinity, former, path.child('podAffinity'), found);
  validatePodTerms(affinity?.podAntiAffinity, former, path.child('podAntiAffinity'), found);
}
