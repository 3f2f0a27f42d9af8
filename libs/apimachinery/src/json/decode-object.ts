import { type StructType } from '../schema/schema-type';
import { conformToType, duplicateField } from './conform';
import { DecodeError } from './decode-error';
import { decodeJson, type DecodeLimits } from './decode-json';
import { decodeYaml } from './decode-yaml';
import { isJsonObject, type JsonObject } from './json-value';

/** An object read from a body. */
export interface DecodedObject {
  readonly object: JsonObject;
  /** What strict clients want to hear: `duplicate field "spec.replicas"`, `unknown field "spec.foo"`. */
  readonly reports: readonly string[];
}

/**
 * Reads the body of a built-in kind: decodes, checks against the type, and gives it the form that Go would.
 * @throws DecodeError, or ApiError RequestEntityTooLarge
 */
export function decodeObject(body: Uint8Array, type: StructType, format: 'json' | 'yaml' = 'json', limits?: DecodeLimits): DecodedObject {
  const { object, reports } = decodeUntypedObject(body, format, limits);
  return { object, reports: conformToType(object, type, reports) };
}

/** Reads any object, such as a custom resource or an apply patch. */
export function decodeUntypedObject(body: Uint8Array, format: 'json' | 'yaml' = 'json', limits?: DecodeLimits): DecodedObject {
  const { value, duplicates } = format === 'json' ? decodeJson(body, limits) : decodeYaml(body, limits);
  // Go reads null, and YAML without anything in it, as an object that says nothing.
  if (value === null) return { object: {}, reports: [] };
  if (!isJsonObject(value)) throw new DecodeError(`json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`);
  return { object: value, reports: duplicates.map((path) => (path.startsWith('line ') ? path : duplicateField(path))) };
}
