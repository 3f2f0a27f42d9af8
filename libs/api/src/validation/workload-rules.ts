import { fieldErrors, type FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { corev1, metav1 } from '../gen';
import { templateMatches } from '../core/pod/validation/pod-template';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type Findings } from './rules';

/**
 * The selector by which a workload finds its pods: it must be there, select something, and select what the template makes.
 * `path` is that of the workload's spec.
 */
export function validateWorkloadSelector(
  spec: Loose<{ selector: metav1.LabelSelector; template: corev1.PodTemplateSpec }>, word: string, path: FieldPath, found: Findings,
): void {
  const { selector, template } = spec;
  if (!selector) {
    found.push(fieldErrors.required(path.child('selector')));
    return;
  }
  const own = validateLabelSelector(selector as LabelSelector, path.child('selector'));
  found.push(...own);
  const empty = Object.keys(selector.matchLabels ?? {}).length + list(selector.matchExpressions).length === 0;
  if (empty) found.push(fieldErrors.invalid(path.child('selector'), selector, `empty selector is invalid for ${word}`));
  if (own.length === 0 && !empty) templateMatches(template, selector, path.child('template'), found);
}
