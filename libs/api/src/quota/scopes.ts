import type { corev1 } from '../gen';
import { list } from '../support/list';

/** One condition on the objects that a quota counts. */
export type Scope = corev1.ScopedResourceSelectorRequirement;

/** All conditions of a quota, those of both its fields. */
export function scopesOf({ scopes, scopeSelector }: corev1.ResourceQuotaSpec): Scope[] {
  return [...list(scopes).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...list(scopeSelector?.matchExpressions)];
}

/** Whether what an object says of a scope, by name, is what the scope asks for. No name: it says nothing. */
export function namesMatch({ operator, values }: Scope, names: readonly string[]): boolean {
  const matches = (name: string | undefined): boolean => {
    switch (operator) {
      case 'In':
        return name !== undefined && list(values).includes(name);
      case 'NotIn':
        return name === undefined || !list(values).includes(name);
      case 'Exists':
        return name !== undefined;
      default:
        return name === undefined;
    }
  };
  return names.length === 0 ? matches(undefined) : names.some(matches);
}
