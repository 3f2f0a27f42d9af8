import { cIdentifierMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { list } from '../support/list';
import { dnsSubdomain, type Findings, present, refuse } from '../validation/rules';

// Mirrors the helpers of pkg/apis/resource/validation/validation.go.

const maxDriver = 63;
const maxPool = 253;
const maxId = 32;

export function validateDriver(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  if (name.length > maxDriver) found.push(fieldErrors.tooLong(path, maxDriver));
  dnsSubdomain(name.toLowerCase(), path, found);
}

/** Domains, one after the other. */
export function validatePoolName(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  if (name.length > maxPool) found.push(fieldErrors.tooLong(path, maxPool));
  for (const part of name.split('/')) dnsSubdomain(part, path, found);
}

function validateId(id: string, path: FieldPath, found: Findings): void {
  if (id.length > maxId) found.push(fieldErrors.tooLong(path, maxId));
  refuse(cIdentifierMessages(id), id, path, found);
}

/** `[domain/]name` of an attribute or a capacity. */
export function validateQualified(name: string, path: FieldPath, found: Findings): void {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) found.push(fieldErrors.invalid(path, name, 'must not contain more than one slash'));
  else if (second === undefined) validateId(first, path, found);
  else {
    if (first === '') found.push(fieldErrors.invalid(path, '', 'the domain must not be empty'));
    else validateDriver(first, path, found);
    if (second === '') found.push(fieldErrors.invalid(path, '', 'the name must not be empty'));
    else validateId(second, path, found);
  }
}

/** With its domain: of whatever driver. */
export function validateFullyQualified(name: string, path: FieldPath, found: Findings): void {
  validateQualified(name, path, found);
  if (!name.includes('/')) found.push(fieldErrors.invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'));
}

/** No more than a limit; more is not looked into. */
export function atMost(items: readonly unknown[], limit: number, path: FieldPath, found: Findings): boolean {
  if (items.length <= limit) return true;
  found.push(fieldErrors.tooMany(path, items.length, limit));
  return false;
}

/** Each once, by a key. */
export function eachOnce<T>(items: readonly T[] | undefined, keyOf: (item: T) => string, path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  list(items).forEach((item, i) => {
    const key = keyOf(item);
    if (seen.has(key)) found.push(fieldErrors.duplicate(path.index(i), key));
    seen.add(key);
  });
}
