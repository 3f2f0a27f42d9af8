/** A copy without some fields. */
export function omit<T extends object, Key extends keyof T>(object: T, ...fields: readonly Key[]): Omit<T, Key> {
  const copy = { ...object };
  for (const field of fields) delete copy[field];
  return copy;
}
