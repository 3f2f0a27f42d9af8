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

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
