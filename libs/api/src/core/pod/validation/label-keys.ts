import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { metav1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, qualifiedName } from '../../../validation/rules';

/** What terms of affinities and spread constraints have in common. */
type LabelKeys = Loose<{ labelSelector?: metav1.LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] }>;

/** Keys whose values are taken from the pod itself. They were merged into the selector when the pod was made, so a key that the selector names twice was in both. */
export function validateLabelKeys({ matchLabelKeys, mismatchLabelKeys, labelSelector }: LabelKeys, path: FieldPath, found: Findings): void {
  for (const [field, keys] of [['matchLabelKeys', list(matchLabelKeys)], ['mismatchLabelKeys', list(mismatchLabelKeys)]] as const) {
    if (keys.length === 0) continue;
    if (!labelSelector) found.push(fieldErrors.forbidden(path.child(field), 'must not be specified when labelSelector is not set'));
    else keys.forEach((key, i) => qualifiedName(key, path.child(field).index(i), found));
  }
  const named = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key = '' } of list(labelSelector?.matchExpressions)) {
    const i = list(matchLabelKeys).lastIndexOf(key);
    if (i >= 0 && named.has(key)) found.push(fieldErrors.invalid(path.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
    named.add(key);
  }
  list(matchLabelKeys).forEach((key, i) => {
    if (list(mismatchLabelKeys).includes(key)) found.push(fieldErrors.invalid(path.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  });
}

/** Whether something that was stored before that rule breaks it. */
export function breaksLabelKeys(stored: LabelKeys): boolean {
  const found: Findings = [];
  validateLabelKeys(stored, FieldPath.of('stored'), found);
  return found.length > 0;
}

/** The same as long as nobody merged the keys of spread constraints: what the selector names is named twice. */
export function validateUnmergedLabelKeys({ matchLabelKeys, labelSelector }: LabelKeys, path: FieldPath, found: Findings): void {
  const keys = list(matchLabelKeys);
  if (keys.length === 0) return;
  if (!labelSelector) found.push(fieldErrors.forbidden(path, 'must not be specified when labelSelector is not set'));
  const named = new Set([...Object.keys(labelSelector?.matchLabels ?? {}), ...list(labelSelector?.matchExpressions).map(({ key }) => key)]);
  keys.forEach((key, i) => {
    qualifiedName(key, path.index(i), found);
    if (named.has(key)) found.push(fieldErrors.invalid(path.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
  });
}
