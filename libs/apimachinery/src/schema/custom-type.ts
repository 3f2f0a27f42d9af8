import { type JsonObject, type JsonValue } from '../json/json-value';
import { anyType, type FieldType, type ScalarKind, type SchemaType, type StructType } from './schema-type';
import { writingOrder } from './schema-catalog';

/** What a custom kind is compiled from. */
export interface CustomKind {
  readonly kind: string;
  /** `openAPIV3Schema` of the version; structural. */
  readonly schema: JsonObject;
  /** The type of `metadata`, from the catalog. */
  readonly objectMeta: StructType;
}

/**
 * The type of a custom kind, for server-side apply, field sets and bytes at rest. Nothing in it is dropped for being zero:
 * custom resources have no Go type. Their values are checked against the CRD, not against this.
 */
export function customType({ kind, schema, objectMeta }: CustomKind): StructType {
  return compileObject(schema, kind, objectMeta, true);
}

const member = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name) ? value[name] : undefined;
const isObject = (value: JsonValue | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const scalars: Readonly<Record<string, ScalarKind>> = { boolean: 'boolean', integer: 'int64', number: 'double', string: 'string' };

function compile(schema: JsonValue | undefined, name: string, objectMeta: StructType): SchemaType {
  if (!isObject(schema)) return anyType;
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', scalar: 'intOrString', goType: 'intstr.IntOrString' };
  const type = schema['type'];
  if (type === 'array') {
    const items = compile(schema['items'], name, objectMeta);
    const listType = schema['x-kubernetes-list-type'];
    const keys = schema['x-kubernetes-list-map-keys'];
    return {
      kind: 'list', items, goType: `[]${items.goType}`, listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
      keys: Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [],
    };
  }
  if (type === 'object' || isObject(schema['properties'])) {
    const embedded = schema['x-kubernetes-embedded-resource'] === true;
    if (embedded || isObject(schema['properties'])) return compileObject(schema, name, objectMeta, embedded);
    const values = schema['additionalProperties'];
    if (values === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true) return anyType;
    const valueType = compile(values, name, objectMeta);
    return { kind: 'map', values: valueType, atomic: schema['x-kubernetes-map-type'] === 'atomic', goType: `map[string]${valueType.goType}` };
  }
  const scalar = typeof type === 'string' ? scalars[type] : undefined;
  return scalar ? { kind: 'scalar', scalar, goType: typeof type === 'string' ? type : scalar } : anyType;
}

function compileObject(schema: JsonObject, name: string, objectMeta: StructType, resource: boolean): StructType {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const types = new Map<string, SchemaType>(Object.entries(properties).map(([field, each]) => [field, compile(each, field, objectMeta)]));
  if (resource) {
    const text: SchemaType = { kind: 'scalar', scalar: 'string', goType: 'string' };
    types.set('apiVersion', text).set('kind', text).set('metadata', objectMeta);
  }
  const fields = new Map<string, FieldType>();
  for (const field of writingOrder([...types.keys()].sort())) {
    const fallback = member(properties[field], 'default');
    fields.set(field, {
      name: field, type: types.get(field) ?? anyType, required: required.includes(field), explicit: true, always: false, zero: undefined, patchStrategy: [], patchMergeKey: undefined,
      keyDefault: typeof fallback === 'string' || typeof fallback === 'number' || typeof fallback === 'boolean' ? fallback : undefined,
    });
  }
  return {
    kind: 'struct', id: name, fields, goName: name, goType: name, atomic: schema['x-kubernetes-map-type'] === 'atomic',
    open: schema['x-kubernetes-preserve-unknown-fields'] === true,
  };
}
