/**
 * Names a resource and, for the compiler, the type of its objects: `core.pods` is a `ResourceType<corev1.Pod>`.
 * The constants are in `gen/resources.ts`; each names the preferred version.
 */
export interface ResourceType<T> {
  /** API group; empty for core. */
  readonly group: string;
  readonly version: string;
  /** Plural name, as in URLs. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries T for the compiler. */
  readonly __object?: T;
}

/** `v1` or `apps/v1`, as objects carry it. */
export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
