/** An API group and a version of it. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** A kind in full. */
export interface GroupVersionKind extends GroupVersion {
  readonly kind: string;
}

/** Reads `v1` or `apps/v1`; a text with more slashes is undefined. */
export function parseGroupVersion(apiVersion: string): GroupVersion | undefined {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return undefined;
  const [first = '', second] = parts;
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

/** `v1` or `apps/v1`. */
export function formatGroupVersion({ group, version }: GroupVersion): string {
  return group === '' ? version : `${group}/${version}`;
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`; core starts with the slash. */
export function formatGroupVersionKind({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}
