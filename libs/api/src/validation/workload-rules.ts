import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1, metav1 } from '../gen';
import { labelsDoNotMatch, templateMatches } from '../core/pod/validation/pod-template';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type Findings } from './rules';
import { isFaulty, selectorFaults, type SelectorPart } from './selector-faults';

/** How a kind tells of its selector. */
interface SelectorWords {
  /** The kind, for a selector of everything. */
  readonly word: string;
  /** Whether its absence is told by itself. */
  readonly required?: boolean;
  /** Said of the whole of one that is wrong; absent: nothing. */
  readonly unreadable?: string;
  /** The selector that this one replaces, where a faulty one may go on. */
  readonly before?: SelectorPart;
}

/**
 * The selector by which a workload finds its pods: it must be there, select something, and select what the template makes.
 * `path` is that of the workload's spec. Tells whether it can be read: of most workloads with one that cannot the template is not looked at.
 */
export function validateWorkloadSelector(
  { selector, template }: Loose<{ selector: metav1.LabelSelector; template: corev1.PodTemplateSpec }>, { word, required = true, unreadable, before }: SelectorWords, path: FieldPath, found: Findings,
): boolean {
  const at = path.child('selector');
  if (!selector) {
    if (required) found.push(fieldErrors.required(at));
    // None selects nothing.
    labelsDoNotMatch(template, path.child('template'), found);
    return true;
  }
  const readable = !isFaulty(selector);
  found.push(...selectorFaults(selector, at, [before]));
  const empty = Object.keys(selector.matchLabels ?? {}).length + list(selector.matchExpressions).length === 0;
  if (empty) found.push(fieldErrors.invalid(at, selector, `empty selector is invalid for ${word}`));
  if (!readable && unreadable !== undefined) found.push(fieldErrors.invalid(at, selector, unreadable));
  if (readable) templateMatches(template, selector, path.child('template'), found);
  return readable;
}
