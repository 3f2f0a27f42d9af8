import { type FieldError, FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { metav1 } from '../gen';
import { type Loose } from '../support/loose';

/** A selector as objects have it. */
export type SelectorPart = Loose<metav1.LabelSelector> | undefined;

const anywhere = FieldPath.of('selector');

export const isFaulty = (selector: SelectorPart): boolean => validateLabelSelector(selector as LabelSelector | undefined, anywhere).length > 0;

/**
 * What is wrong with a selector. Where one of those that the object had before was wrong, values that no label can have are let be, so that
 * what was stored before the rule came can still be changed: upstream's AllowInvalidLabelValueInSelector.
 */
export function selectorFaults(selector: SelectorPart, path: FieldPath, before: readonly SelectorPart[]): FieldError[] {
  const asked = selector as LabelSelector | undefined;
  const faults = validateLabelSelector(asked, path);
  return faults.length === 0 || !before.some(isFaulty) ? faults : validateLabelSelector(asked, path, { anyValues: true });
}
