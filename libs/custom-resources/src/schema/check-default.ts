import { cloneJson, equalJson, type FieldError, fieldErrors, type FieldPath, isJsonObject, type JsonValue } from '@navarch/apimachinery';
import { ruleTree } from '../rules/rule-tree';
import { validateRules } from '../rules/validate-rules';
import { applyDefaults } from '../value/defaulting';
import { prune } from '../value/pruning';
import { validateValue } from '../value/validate-value';
import { isEmbedded, type Schema } from './schema';

/** A default must be a value that its own schema accepts whole. */
export function checkDefault(value: JsonValue, schema: Schema, path: FieldPath, isRoot: boolean): FieldError[] {
  if (isRoot) return [fieldErrors.forbidden(path, 'must not be set at the root')];
  const errors: FieldError[] = [];
  if (isJsonObject(value)) {
    const pruned = cloneJson(value);
    const gone = prune(pruned, schema, { isResource: isEmbedded(schema) });
    if (gone.length > 0 && !equalJson(pruned, value)) errors.push(fieldErrors.invalid(path, value, 'must not have unknown fields'));
  }
  const full = cloneJson(value);
  applyDefaults(full, schema);
  const at = path.toString();
  const found = validateValue(full, schema, at);
  const tree = found.length === 0 ? ruleTree(schema, isEmbedded(schema)) : undefined;
  return [...errors, ...found, ...(tree ? validateRules(full, tree) : [])];
}
