/** Names a resource without its version; the group of core is empty. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** Names a kind without its version. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `deployments.apps`, or `pods` in core, as messages name resources. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** `Deployment.apps`, or `Pod` in core, as messages name kinds. */
export function formatGroupKind({ group, kind }: GroupKind): string {
  return group === '' ? kind : `${kind}.${group}`;
}
