import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type SchemaDefinition, type SchemaNode } from '../schema';
import { schemaReference, type OpenApiInput, type OpenApiVersion } from './openapi-input';

/** Values of more than one type; v2 has no word for them. */
const oneOfTypes: Readonly<Record<string, readonly string[]>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': ['string', 'number'],
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': ['integer', 'string'],
};

/** The schema of a definition, or undefined when there is none of that id. */
function definitionSchema(input: OpenApiInput, id: string, version: OpenApiVersion): JsonObject | undefined {
  const custom = input.customDefinitions?.[id];
  if (custom) return version === 'v3' ? custom : (inV2(custom) as JsonObject);
  const definition = input.schema.definitions[id];
  return definition && builtInSchema(input, id, definition, version);
}

const GVK = 'x-kubernetes-group-version-kind';

/** What v2 has no word for. */
const unknownToV2 = new Set(['anyOf', 'not', 'nullable', 'oneOf']);

/** Custom schemas are given as v3 has them: references lead elsewhere in v2, and it knows less. Mirrors apiextensions-apiserver's pkg/controller/openapi. */
function inV2(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(inV2);
  if (!isJsonObject(schema)) return schema;
  // Clients take every member that v2 does not name for a fault: of what may have more, nothing is said.
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (open && schema[GVK] !== undefined) return { type: 'object', [GVK]: schema[GVK] };
  // What may be null has no type in v2, and what has no type can have no members for them.
  const untyped = schema['nullable'] === true;
  const isLeftOut = (name: string): boolean => unknownToV2.has(name) || (untyped && name === 'type') || ((untyped || open) && (name === 'items' || name === 'properties'));
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => !isLeftOut(name))
      .map(([name, value]) => [name, name === 'required' ? withoutNullable(value, schema['properties']) : partInV2(name, value)]),
  );
}

/** A null counts as missing there. */
function withoutNullable(required: JsonValue, properties: JsonValue | undefined): JsonValue {
  if (!Array.isArray(required) || !isJsonObject(properties)) return required;
  return required.filter((name) => {
    const property = typeof name === 'string' ? getMember(properties, name) : undefined;
    return !isJsonObject(property) || property['nullable'] !== true;
  });
}

function partInV2(name: string, value: JsonValue): JsonValue {
  if (name === '$ref' && typeof value === 'string') return schemaReference(value.slice(value.lastIndexOf('/') + 1), 'v2');
  // Names of properties are no words of the schema language; defaults and extensions are data.
  if (name === 'properties' && isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([property, schema]) => [property, inV2(schema)]));
  return ['additionalProperties', 'allOf', 'items'].includes(name) ? inV2(value) : value;
}

function builtInSchema(input: OpenApiInput, id: string, definition: SchemaDefinition, version: OpenApiVersion): JsonObject {
  const description = input.docs?.[id];
  const properties = Object.entries(definition.properties ?? {});
  const types = version === 'v3' ? oneOfTypes[id] : undefined;
  return {
    ...(description === undefined ? {} : { description }),
    ...(properties.length > 0 ? { type: 'object' } : types ? { oneOf: types.map((type) => ({ type })) } : definition.type ? { type: definition.type } : {}),
    ...(definition.format ? { format: definition.format } : {}),
    ...(definition.required ? { required: [...definition.required] } : {}),
    ...(properties.length > 0 ? { properties: Object.fromEntries(properties.map(([name, node]) => [name, fieldSchema(input, `${id}.${name}`, node, version)])) } : {}),
    ...(definition['map-type'] ? { 'x-kubernetes-map-type': definition['map-type'] } : {}),
    ...(definition.unions ? { 'x-kubernetes-unions': structuredClone(definition.unions) as unknown as JsonValue } : {}),
    ...kindExtension(definition),
  };
}

function kindExtension({ gvk = [] }: SchemaDefinition): JsonObject {
  if (gvk === 'many' || gvk.length === 0) return {};
  return {
    [GVK]: gvk.map((each) => {
      const [group = '', kindVersion = '', kind = ''] = each.split('/');
      return { group, kind, version: kindVersion };
    }),
  };
}

function fieldSchema({ docs, enums, defaults }: OpenApiInput, key: string, node: SchemaNode, version: OpenApiVersion): JsonObject {
  const fallback = version === 'v3' ? defaults?.[key] : undefined;
  const values = enums?.[key];
  return { ...propertySchema(node, version, described(docs?.[key], node, values), values), ...(fallback === undefined ? {} : { default: fallback }) };
}

/** Upstream's generator says the values of an enum once more in the text, which `kubectl explain` shows (kube-openapi `pkg/generators/enum.go`); without what each means. */
function described(text: string | undefined, { type }: SchemaNode, values: readonly string[] | undefined): string | undefined {
  if (!values || type !== 'string') return text;
  const possible = ['Possible enum values:', ...values.map((value) => ` - \`${JSON.stringify(value)}\``)].join('\n');
  return text === undefined ? possible : `${text}\n\n${possible}`;
}

const extensions = ['list-type', 'list-map-keys', 'map-type', 'patch-strategy', 'patch-merge-key'] as const;

function propertySchema(node: SchemaNode, version: OpenApiVersion, description?: string, values?: readonly string[]): JsonObject {
  const schema: JsonObject = {
    ...(description === undefined ? {} : { description }),
    ...(node.type ? { type: node.type } : {}),
    ...(node.format ? { format: node.format } : {}),
    ...(node.items ? { items: propertySchema(node.items, version, undefined, values) } : {}),
    ...(node.map ? { additionalProperties: propertySchema(node.map, version, undefined, values) } : {}),
    ...(values && node.type === 'string' ? { enum: [...values] } : {}),
  };
  for (const name of extensions) {
    const value = node[name];
    if (value !== undefined) schema[`x-kubernetes-${name}`] = typeof value === 'string' ? value : [...value];
  }
  if (node.ref === undefined) return schema;
  const reference = { $ref: schemaReference(node.ref, version) };
  // In v3 nothing may stand beside a reference.
  return version === 'v3' && Object.keys(schema).length > 0 ? { ...schema, allOf: [reference] } : { ...reference, ...schema };
}

/** All definitions that these need, themselves included, in the order of their ids. */
export function definitionClosure(input: OpenApiInput, ids: Iterable<string>, version: OpenApiVersion): Record<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    const schema = definitionSchema(input, id, version);
    if (!schema) continue;
    found.set(id, schema);
    collectReferences(schema, waiting);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function collectReferences(value: JsonValue, into: string[]): void {
  if (Array.isArray(value)) for (const item of value) collectReferences(item, into);
  else if (isJsonObject(value)) {
    const reference = getMember(value, '$ref');
    if (typeof reference === 'string') into.push(reference.slice(reference.lastIndexOf('/') + 1));
    for (const item of Object.values(value)) collectReferences(item, into);
  }
}
