/** The elements of a list that may be absent, or null as Go writes an empty one. */
export function list<T>(items: readonly T[] | null | undefined): readonly T[] {
  return items ?? [];
}

/** The entries of a map that may be absent. */
export function entries<T>(map: Readonly<Record<string, T>> | null | undefined): [string, T][] {
  return Object.entries(map ?? {});
}
