import { fieldErrors, type FieldPath, immutableMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { type Findings } from '../../validation/rules';

type Affinity = Loose<corev1.VolumeNodeAffinity>;
type Requirement = Loose<corev1.NodeSelectorRequirement>;

/** Labels of nodes by their former names. */
const present = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['beta.kubernetes.io/os', 'kubernetes.io/os'],
  ['beta.kubernetes.io/arch', 'kubernetes.io/arch'],
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
]);

/** A requirement that names a label by its present name where the other does. */
function renamed(before: Requirement, now: Requirement | undefined): Requirement {
  const name = present.get(before.key ?? '');
  return name !== undefined && name === now?.key ? { ...before, key: name } : before;
}

/** Where a volume is stays; only former names of labels may become the present ones. */
export function validateNodeAffinityChange(now: Affinity | undefined, before: Affinity, path: FieldPath, found: Findings): void {
  const terms = list(now?.required?.nodeSelectorTerms);
  const expected = before.required && {
    nodeSelectorTerms: list(before.required.nodeSelectorTerms).map((term, t) => ({
      ...term,
      ...(term.matchExpressions && { matchExpressions: term.matchExpressions.map((requirement, r) => renamed(requirement, terms[t]?.matchExpressions?.[r])) }),
    })),
  };
  if (!semanticEqual(now, { ...before, ...(expected && { required: expected }) })) found.push(fieldErrors.invalid(path, now ?? null, `${immutableMessage}, except for updating from beta label to GA`));
}
