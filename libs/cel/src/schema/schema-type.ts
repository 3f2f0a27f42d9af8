import { type CelType, type ObjectType, types } from '../types/cel-type';
import { escapeField } from './escape';
import type { OpenApiSchema } from './open-api-schema';

// Sizes follow staging/src/k8s.io/apiserver/pkg/cel/{limits,types}.go: what fits into one request bounds what has no limit of its own.

const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
const DATE_SIZE = '"2006-01-02"'.length;
const TIME_SIZE = '"0000-01-01T00:00:00Z"'.length;
const DURATION_SIZE = 32;

const resourceMeta = types.object('metadata', { name: types.string, generateName: types.string });

/** The type that values of a schema have in expressions; undefined for a schema that none can see. `name` is that of objects. */
export function typeOfSchema(schema: OpenApiSchema, name = 'object', isResource = false): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return types.dyn;
  switch (schema.type) {
    case 'array': {
      const items = schema.items && typeOfSchema(schema.items, `${name}.@idx`, schema.items['x-kubernetes-embedded-resource'] === true);
      return items && types.list(items, schema.maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (minSizeOf(schema.items) + 1)));
    }
    case 'object':
      return objectOf(schema, name, isResource || schema['x-kubernetes-embedded-resource'] === true);
    case 'string':
      return stringOf(schema);
    case 'boolean':
      return types.bool;
    case 'integer':
      return types.int;
    case 'number':
      return types.double;
    default:
      return undefined;
  }
}

function objectOf(schema: OpenApiSchema, name: string, isResource: boolean): CelType | undefined {
  const { additionalProperties: values } = schema;
  if (typeof values === 'object') {
    const value = typeOfSchema(values, `${name}.@elem`, values['x-kubernetes-embedded-resource'] === true);
    return value && types.map(types.string, value, schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (minSizeOf(values) + 6)));
  }
  // An object of which nothing is declared is opaque: preserved fields are not seen.
  const fields = new Map<string, CelType | undefined>();
  const properties: Record<string, OpenApiSchema> = { ...schema.properties };
  for (const property of Object.keys(properties)) {
    const escaped = escapeField(property);
    const child = properties[property];
    if (escaped !== undefined && child) fields.set(escaped, typeOfSchema(child, `${name}.${property}`));
  }
  if (isResource) {
    fields.set('apiVersion', types.string);
    fields.set('kind', types.string);
    fields.set('metadata', resourceMeta);
  }
  const type: ObjectType = { kind: 'object', name, field: (field) => fields.get(field) };
  return type;
}

function stringOf({ format, maxLength, enum: values }: OpenApiSchema): CelType {
  switch (format) {
    case 'byte':
      return { kind: 'bytes', maxSize: maxLength ?? MAX_REQUEST_BYTES - 2 };
    case 'duration':
      return { kind: 'duration', maxSize: DURATION_SIZE };
    case 'date':
      return { kind: 'timestamp', maxSize: DATE_SIZE };
    case 'date-time':
      return { kind: 'timestamp', maxSize: TIME_SIZE };
    default:
  }
  const longest = values && values.length > 0 ? Math.max(...values.map((value) => (typeof value === 'string' ? value.length : 0))) : undefined;
  // maxLength counts code points, of up to four bytes each.
  return { kind: 'string', maxSize: longest ?? (maxLength === undefined ? MAX_REQUEST_BYTES - 2 : maxLength * 4) };
}

/** The fewest bytes that a value takes in JSON. */
function minSizeOf(schema: OpenApiSchema | undefined): number {
  switch (schema?.type) {
    case 'string':
      return 2;
    case 'boolean':
      return 4;
    case 'object': {
      let size = 2;
      for (const name of schema.required ?? []) {
        const property = schema.properties?.[name];
        if (property && property.default === undefined) size += name.length + 4 + minSizeOf(property);
      }
      return size;
    }
    case 'array':
      return 2;
    default:
      return 1;
  }
}
