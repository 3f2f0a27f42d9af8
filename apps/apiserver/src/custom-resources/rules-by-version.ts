import type { KubeObject } from '@navarch/api';
import type { FieldError } from '@navarch/apimachinery';
import type { CostlyRule } from '../registry/resource-definition';

/** Shows objects of the stored version in another one. They stay as they are. @throws ApiError when a webhook does not */
export type Show = (objects: readonly KubeObject[], version: string) => Promise<readonly KubeObject[]>;

/**
 * An object is held to the schema of the version that it is written in, whichever is stored: as upstream does, which decides before it converts.
 * @param rules by version
 */
export function rulesByVersion(rules: ReadonlyMap<string, CostlyRule>, storage: string, show: Show): CostlyRule {
  const inAnother = async (rule: CostlyRule, version: string, object: KubeObject, old: KubeObject | undefined): Promise<FieldError[]> => {
    const [shown = object, before] = await show(old ? [object, old] : [object], version);
    return rule(shown, old && before, version);
  };
  return (object, old, requested = storage) => {
    const rule = rules.get(requested) ?? rules.get(storage);
    if (!rule) return [];
    return requested === storage || !rules.has(requested) ? rule(object, old, storage) : inAnother(rule, requested, object, old);
  };
}
