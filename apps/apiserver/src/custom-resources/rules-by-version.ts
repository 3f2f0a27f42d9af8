import type { KubeObject } from '@navarch/api';
import type { FieldError } from '@navarch/apimachinery';
import type { CostlyRule } from '../registry/resource-definition';

/** Shows objects of the stored version in another one. They stay as they are. @throws ApiError when a webhook does not */
export type Show = (objects: readonly KubeObject[], version: string) => Promise<readonly KubeObject[]>;

/**
 * An object is held to the schema of the version that it is written in, whichever is stored: as upstream does, which decides before it converts.
 * Here it has been converted and comes back: where a field was lost on the way that its own version requires, the stored version decides.
 * @param rules by version
 * @param loses whether the stored version has no room for a field
 */
export function rulesByVersion(rules: ReadonlyMap<string, CostlyRule>, storage: string, show: Show, loses: (field: string) => boolean): CostlyRule {
  const inAnother = async (rule: CostlyRule, version: string, object: KubeObject, old: KubeObject | undefined, warn: (text: string) => void): Promise<FieldError[]> => {
    const [shown = object, before] = await show(old ? [object, old] : [object], version);
    const errors = await rule(shown, old && before, version, warn);
    const isLossy = errors.some(({ type, field }) => type === 'FieldValueRequired' && loses(field));
    return isLossy ? ((await rules.get(storage)?.(object, old, storage, warn)) ?? []) : errors;
  };
  return (object, old, requested = storage, warn) => {
    const rule = rules.get(requested) ?? rules.get(storage);
    if (!rule) return [];
    return requested === storage || !rules.has(requested) ? rule(object, old, storage, warn) : inAnother(rule, requested, object, old, warn);
  };
}
