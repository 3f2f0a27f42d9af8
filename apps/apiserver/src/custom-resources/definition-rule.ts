import { type CustomResourceDefinition, validateDefinition } from '@navarch/custom-resources';
import { isLarge } from '../offload/is-large';
import type { Offload } from '../offload/offloaded-work';
import { pack } from '../offload/packed-json';
import type { CostlyRule } from '../registry/resource-definition';

/** Schemas and rules of a definition are checked before it is stored. */
export function definitionRule(offload: Offload): CostlyRule {
  return (object, old) => (isLarge(object)
    ? offload.run('checkDefinition', { definition: pack(object), old: old && pack(old) })
    : validateDefinition(object as CustomResourceDefinition, old as CustomResourceDefinition | undefined));
}
