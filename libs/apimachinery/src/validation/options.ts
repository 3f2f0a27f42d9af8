import { utf8Length } from '../text/utf8-length';
import { fieldErrors, type FieldError } from './field-error';
import { FieldPath } from './field-path';
import { unprintable } from './formats';

// Mirrors staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go.

/** What clients may ask beside a write; those that a request lacks are absent or empty. */
export interface WriteOptions {
  dryRun?: readonly string[];
  fieldManager?: string;
  fieldValidation?: string;
  force?: boolean;
}

/** The name of a field manager. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors = utf8Length(manager) > 128 ? [fieldErrors.tooLong(path, 128)] : [];
  const bad = unprintable(manager);
  if (bad) errors.push(fieldErrors.invalid(path, manager, `invalid character ${bad.character} (at position ${bad.position})`));
  return errors;
}

/** Options of create and update. */
export function validateWriteOptions({ dryRun = [], fieldManager = '', fieldValidation = '' }: WriteOptions): FieldError[] {
  const errors = validateFieldManager(fieldManager, FieldPath.of('fieldManager'));
  if (dryRun.some((value) => value !== 'All')) errors.push(fieldErrors.notSupported('dryRun', dryRun, ['All']));
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)) {
    errors.push(fieldErrors.notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  return errors;
}

/** Options of a patch; `apply` says whether it is a server-side apply. */
export function validatePatchOptions(options: WriteOptions, apply: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (!apply && options.force !== undefined) errors.push(fieldErrors.forbidden('force', 'may not be specified for non-apply patch'));
  if (apply && (options.fieldManager ?? '') === '') errors.push(fieldErrors.required('fieldManager', 'is required for apply patch'));
  return [...errors, ...validateWriteOptions(options)];
}

/** Options of a delete, by query or body. */
export function validateDeleteOptions(options: {
  dryRun?: readonly string[]; orphanDependents?: boolean; propagationPolicy?: string; gracePeriodSeconds?: number; preconditions?: object; ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}): FieldError[] {
  const { dryRun = [], orphanDependents, propagationPolicy, gracePeriodSeconds, preconditions } = options;
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.push(fieldErrors.invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    errors.push(fieldErrors.notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  if (dryRun.some((value) => value !== 'All')) errors.push(fieldErrors.notSupported('dryRun', dryRun, ['All']));
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential !== true) return errors;
  // What cannot be read is deleted at once, without regard to anything that it says.
  const others = [
    ['dryRun', dryRun.length > 0 ? dryRun : undefined],
    ['propagationPolicy', propagationPolicy],
    ['orphanDependents', orphanDependents],
    ['gracePeriodSeconds', gracePeriodSeconds],
    ['preconditions', preconditions],
  ] as const;
  for (const [field, value] of others)
    if (value !== undefined) errors.push(fieldErrors.invalid('ignoreStoreReadErrorWithClusterBreakingPotential', true, `cannot be set together with .${field}`));
  return errors;
}
