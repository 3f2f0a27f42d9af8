import { isEmbedded, type Schema, valuesOf } from '../schema/schema';
import { type CompiledRule, compileRules } from './compile-rules';

/** The rules of a schema and of all below it; places without any are left out. */
export interface RuleTree {
  readonly schema: Schema;
  readonly isResource: boolean;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly items: RuleTree | undefined;
  readonly values: RuleTree | undefined;
}

/** Compiles all rules of a schema; undefined when there are none. */
export function ruleTree(schema: Schema, isResource: boolean): RuleTree | undefined {
  const properties = new Map<string, RuleTree>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const below = ruleTree(property, isEmbedded(property));
    if (below) properties.set(name, below);
  }
  const items = schema.items && ruleTree(schema.items, isEmbedded(schema.items));
  const valueSchema = valuesOf(schema);
  const values = valueSchema && ruleTree(valueSchema, isEmbedded(valueSchema));
  const rules = compileRules(schema, isResource);
  return rules.length === 0 && properties.size === 0 && !items && !values ? undefined : { schema, isResource, rules, properties, items, values };
}
