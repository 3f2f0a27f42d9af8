import { cloneJson, equalJson, type FieldError, fieldErrors, type FieldPath, isJsonObject, type JsonObject, type JsonValue, within } from '@navarch/apimachinery';
import { ruleTree } from '../rules/rule-tree';
import { validateRules } from '../rules/validate-rules';
import { malformedResource, validateEmbedded } from '../value/embedded';
import { prune } from '../value/pruning';
import { validateValue } from '../value/validate-value';
import { isEmbedded, type Schema } from './schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.

/** Of a place in the kind or the metadata of an object inside of another: that object, with nothing else in it than a value at the place. */
export type Surroundings = (value: JsonValue) => JsonObject;

/** Those of a field of such an object, or of what is below one. */
export const surroundingsOf =
  (name: string, outer: Surroundings = (value) => ({ apiVersion: 'validation/v1', kind: 'Validation', ...(value as JsonObject) })): Surroundings =>
  (value) =>
    outer({ [name]: value });

/**
 * A default must be a value that its own schema accepts as it stands: what it leaves out is not filled in before. That of the
 * whole object is an object with a kind; one in metadata must leave metadata what it may be.
 */
export function checkDefault(value: JsonValue, given: Schema, path: FieldPath, isRoot: boolean, surroundings?: Surroundings): FieldError[] {
  const schema: Schema = isRoot ? { ...given, 'x-kubernetes-embedded-resource': true } : given;
  const unknown = surroundings ? [] : checkFields(value, schema, path);
  const resources = surroundings ? checkMetadata(value, surroundings, path) : checkResources(value, schema, path.toString());
  if (resources.length > 0) return [...unknown, ...resources];
  const at = path.toString();
  const found = validateValue(value, schema).map((error) => within(at, error));
  const tree = found.length === 0 ? ruleTree(schema, isEmbedded(schema)) : undefined;
  return [...unknown, ...found, ...(tree ? checkRules(value, tree, at) : [])];
}

function checkFields(value: JsonValue, schema: Schema, path: FieldPath): FieldError[] {
  if (!isJsonObject(value)) return [];
  const pruned = cloneJson(value);
  const gone = prune(pruned, schema, { isResource: isEmbedded(schema) });
  return gone.length > 0 && !equalJson(pruned, value) ? [fieldErrors.invalid(path, value, 'must not have unknown fields')] : [];
}

/** What has another type than metadata has hides all else. */
function checkResources(value: JsonValue, schema: Schema, path: string): FieldError[] {
  const malformed = malformedResource(value, schema, path);
  return malformed ? [malformed] : validateEmbedded(value, schema, path);
}

function checkMetadata(value: JsonValue, surroundings: Surroundings, path: FieldPath): FieldError[] {
  const messages = checkResources(surroundings(cloneJson(value)), { 'x-kubernetes-embedded-resource': true }, '').map(({ message }) => message);
  if (messages.length === 0) return [];
  return [fieldErrors.invalid(path, value, `must result in valid metadata: ${messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`}`)];
}

/** Rules about changes must hold where nothing changes; all others, where there was nothing before. */
function checkRules(value: JsonValue, tree: NonNullable<ReturnType<typeof ruleTree>>, path: string): FieldError[] {
  const unchanged = validateRules(value, tree, value, undefined, path);
  return unchanged.length > 0 ? unchanged : validateRules(value, tree, undefined, undefined, path);
}
