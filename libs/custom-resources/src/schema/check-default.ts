import { cloneJson, equalJson, type FieldError, fieldErrors, type FieldPath, isJsonObject, type JsonValue } from '@navarch/apimachinery';
import { ruleTree } from '../rules/rule-tree';
import { validateRules } from '../rules/validate-rules';
import { validateEmbedded } from '../value/embedded';
import { prune } from '../value/pruning';
import { validateValue } from '../value/validate-value';
import { isEmbedded, type Schema } from './schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.

/**
 * A default must be a value that its own schema accepts as it stands: what it leaves out is not filled in before. That of the
 * whole object is an object with a kind.
 */
export function checkDefault(value: JsonValue, given: Schema, path: FieldPath, isRoot: boolean): FieldError[] {
  const schema: Schema = isRoot ? { ...given, 'x-kubernetes-embedded-resource': true } : given;
  const errors: FieldError[] = [];
  if (isJsonObject(value)) {
    const pruned = cloneJson(value);
    const gone = prune(pruned, schema, { isResource: isEmbedded(schema) });
    if (gone.length > 0 && !equalJson(pruned, value)) errors.push(fieldErrors.invalid(path, value, 'must not have unknown fields'));
  }
  const at = path.toString();
  const embedded = validateEmbedded(value, schema, at);
  if (embedded.length > 0) return [...errors, ...embedded];
  const found = validateValue(value, schema, at);
  const tree = found.length === 0 ? ruleTree(schema, isEmbedded(schema)) : undefined;
  return [...errors, ...found, ...(tree ? validateRules(value, tree) : [])];
}
