import { type CelType, type ObjectType, types } from '../types/cel-type';
import { escapeField } from './escape';
import { declaresResource, type OpenApiSchema } from './open-api-schema';

// Sizes follow staging/src/k8s.io/apiserver/pkg/cel/{limits,types}.go: what fits into one request bounds what has no limit of its own.

const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
const LONGEST_TEXT = MAX_REQUEST_BYTES - '""'.length;
const DATE_SIZE = '"2006-01-02"'.length;
const LONGEST_TIME = '"9999-12-31T23:59:59.999999999Z"'.length;
const LONGEST_DURATION = 32;
/** As upstream counts it: one less than the shortest. */
const SHORTEST_TIME = 21;
const SHORTEST_DURATION = '"0"'.length;

const text: CelType = { kind: 'string', maxSize: LONGEST_TEXT };
// Estimates take what has no size of its own, keys of maps too, to have none at all.
const key: CelType = { kind: 'string', maxSize: 0 };
const bool: CelType = { kind: 'bool', maxSize: 0 };
const int: CelType = { kind: 'int', maxSize: 0 };
const double: CelType = { kind: 'double', maxSize: 0 };
const resourceMeta: CelType = { ...types.object('metadata', { name: text, generateName: text }), maxSize: 0 };

/** The type that values of a schema have in expressions; undefined for a schema that none can see. `name` is that of objects. */
export function typeOfSchema(schema: OpenApiSchema, name = 'object', isResource = false): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'dyn', maxSize: schema.maxLength === undefined ? LONGEST_TEXT : schema.maxLength * 4 };
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
      return bool;
    case 'integer':
      return int;
    case 'number':
      return double;
    default:
      return undefined;
  }
}

function objectOf(schema: OpenApiSchema, name: string, isResource: boolean): CelType | undefined {
  const { additionalProperties: values } = schema;
  if (typeof values === 'object') {
    const value = typeOfSchema(values, `${name}.@elem`, values['x-kubernetes-embedded-resource'] === true);
    return value && types.map(key, value, schema.maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (minSizeOf(values) + 6)));
  }
  // An object of which nothing is declared is opaque: preserved fields are not seen.
  const fields = new Map<string, CelType | undefined>();
  const properties: Record<string, OpenApiSchema> = { ...schema.properties };
  for (const property of Object.keys(properties)) {
    const escaped = escapeField(property);
    const child = properties[property];
    if (escaped !== undefined && child) fields.set(escaped, typeOfSchema(child, `${name}.${property}`));
  }
  if (isResource && !declaresResource(schema)) {
    fields.set('apiVersion', text);
    fields.set('kind', text);
    fields.set('metadata', resourceMeta);
  }
  const type: ObjectType = { kind: 'object', name, maxSize: 0, field: (field) => fields.get(field) };
  return type;
}

function stringOf({ format, maxLength, enum: values }: OpenApiSchema): CelType {
  switch (format) {
    case 'byte':
      return { kind: 'bytes', maxSize: maxLength ?? LONGEST_TEXT };
    case 'duration':
      return { kind: 'duration', maxSize: LONGEST_DURATION };
    case 'date':
      return { kind: 'timestamp', maxSize: DATE_SIZE };
    case 'date-time':
      return { kind: 'timestamp', maxSize: LONGEST_TIME };
    default:
  }
  // maxLength counts code points, of up to four bytes each.
  if (maxLength !== undefined) return { kind: 'string', maxSize: maxLength * 4 };
  if (values === undefined || values.length === 0) return text;
  return { kind: 'string', maxSize: Math.max(...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))) };
}

/** How often a value of a schema can be in one request at most, with a comma behind each. */
export const mostInRequest = (schema: OpenApiSchema): number => Math.floor(MAX_REQUEST_BYTES / (minSizeOf(schema) + 1));

/** The fewest bytes that a value takes in JSON. */
function minSizeOf(schema: OpenApiSchema | undefined): number {
  if (schema?.['x-kubernetes-int-or-string'] === true) return 1;
  switch (schema?.type) {
    case 'string':
      return shortestText(schema.format);
    case 'boolean':
      return 4;
    case 'object': {
      if (typeof schema.additionalProperties === 'object') return 2;
      let size = 2;
      for (const name of new Set(schema.required ?? [])) {
        const property = schema.properties?.[name];
        // What no expression can see is not counted.
        if (property && property.default === undefined && isVisible(property)) size += name.length + 4 + minSizeOf(property);
      }
      return size;
    }
    case 'array':
      return 2;
    default:
      return 1;
  }
}

/** Whether values of a schema have a type in expressions. */
function isVisible(schema: OpenApiSchema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return true;
  switch (schema.type) {
    case 'array':
      return schema.items !== undefined && isVisible(schema.items);
    case 'object':
      return typeof schema.additionalProperties !== 'object' || isVisible(schema.additionalProperties);
    default:
      return ['boolean', 'integer', 'number', 'string'].includes(schema.type ?? '');
  }
}

function shortestText(format: string | undefined): number {
  switch (format) {
    case 'duration':
      return SHORTEST_DURATION;
    case 'date':
      return DATE_SIZE;
    case 'date-time':
      return SHORTEST_TIME;
    default:
      return 2;
  }
}
