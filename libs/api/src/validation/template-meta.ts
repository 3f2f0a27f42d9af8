import { fieldErrors, type FieldPath, validateAnnotations, validateLabels } from '@navarch/apimachinery';
import { entries } from '../support/list';
import { type Findings } from './rules';

/** What is made from a template is named by its maker: only labels and annotations can be given. Mirrors ValidateTemplateObjectMeta of pkg/apis/core/validation. */
export function validateTemplateObjectMeta(metadata: object | undefined, path: FieldPath, found: Findings): void {
  const { annotations, labels, ...others } = (metadata ?? {}) as { annotations?: Record<string, string>; labels?: Record<string, string> };
  found.push(...validateAnnotations(annotations, path.child('annotations')), ...validateLabels(labels, path.child('labels')));
  // Upstream makes the field's name from its own type's.
  for (const [field, value] of entries(others as Record<string, unknown>)) if (value !== undefined && value !== null) found.push(fieldErrors.forbidden(path.child(field === 'uid' ? 'uID' : field), 'cannot be set'));
}
