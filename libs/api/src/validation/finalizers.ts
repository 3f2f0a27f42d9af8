import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from './rules';

/** Names that are the system's own, so need no domain before them. */
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** Whose a finalizer is must be told from its name. Mirrors validateKubeFinalizerName of pkg/apis/core/validation. */
export function qualifiedFinalizer(name: string, path: FieldPath, found: Findings): void {
  if (!name.includes('/') && !standardFinalizers.includes(name)) found.push(fieldErrors.invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'));
}
