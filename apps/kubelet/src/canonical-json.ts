/**
 * JSON by which two values are compared: keys sorted, and what the API leaves out (empty lists, empty strings) left
 * out, so that an object read back equals the one written.
 */
export function canonicalJson(value: unknown): string {
  if (isEmpty(value)) return '';
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner as Record<string, unknown>).filter(([, field]) => !isEmpty(field)).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Whether two plain values have the same canonical JSON, told without writing it. */
export function canonicallyEqual(a: unknown, b: unknown): boolean {
  return isEmpty(a) || isEmpty(b) ? isEmpty(a) && isEmpty(b) : same(a, b);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // What a list leaves open, JSON writes as null.
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item ?? null, b[index] ?? null));
  if (Array.isArray(b)) return false;
  const [from, to] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of Object.keys(from)) if (!canonicallyEqual(from[key], to[key])) return false;
  for (const key of Object.keys(to)) if (!Object.hasOwn(from, key) && !isEmpty(to[key])) return false;
  return true;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
