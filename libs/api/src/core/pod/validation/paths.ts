import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../../../validation/rules';

/** A path that stays where it starts. */
export function noBacksteps(text: string, path: FieldPath, found: Findings): void {
  if (text.includes('..') && text.split('/').includes('..')) found.push(fieldErrors.invalid(path, text, "must not contain '..'"));
}

/** A path below a folder. */
export function descendingPath(text: string, path: FieldPath, found: Findings): void {
  if (text.startsWith('/')) found.push(fieldErrors.invalid(path, text, 'must be a relative path'));
  noBacksteps(text, path, found);
}

/** A path below a volume's folder; names in it that begin with two dots are for its own use. */
export function nonReservedPath(text: string, path: FieldPath, found: Findings): void {
  descendingPath(text, path, found);
  if (text.startsWith('..') && !text.startsWith('../')) found.push(fieldErrors.invalid(path, text, "must not start with '..'"));
}

/** Permissions of a file. */
export function fileMode(mode: number | undefined, path: FieldPath, found: Findings): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) found.push(fieldErrors.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}
