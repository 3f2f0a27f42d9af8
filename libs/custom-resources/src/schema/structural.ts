import { type FieldError, fieldErrors, type FieldPath, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { compilePattern, EvalError } from '@navarch/cel';
import { checkRules, type Place, placeBelow, ROOT, RuleCosts } from '../rules/check-rules';
import { checkDefault } from './check-default';
import { isEmbedded, isIntOrString, preserves, type Schema } from './schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver: pkg/apis/apiextensions/validation and pkg/apiserver/schema/validation.go.

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'map', 'set'];
const MAP_TYPES = ['atomic', 'granular'];
const UNSUPPORTED = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id', '$schema'];
/** What schemas inside of junctors may not say: it would make the shape depend on the value. */
const STRUCTURE = [
  'title', 'description', 'type', 'default', 'nullable', 'additionalProperties', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string',
  'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-validations',
] as const;

/** What is wrong with the schema of a version: it must be structural, and its rules affordable. */
export function validateSchema(schema: Schema, path: FieldPath): FieldError[] {
  const costs = new RuleCosts();
  const checker = new SchemaChecker(costs, schema);
  checker.check(schema, path, 'root', ROOT);
  return [...checker.errors, ...costs.errors(path)];
}

type Position = 'items' | 'property' | 'root' | 'values';

const typeMissing: Readonly<Record<Position, string>> = {
  root: 'must not be empty at the root', property: 'must not be empty for specified object fields', values: 'must not be empty for specified object fields', items: 'must not be empty for specified array items',
};

class SchemaChecker {
  readonly errors: FieldError[] = [];

  constructor(
    private readonly costs: RuleCosts,
    private readonly root: Schema,
  ) {}

  check(schema: Schema, path: FieldPath, position: Position, place: Place): void {
    this.words(schema, path);
    this.type(schema, path, position);
    this.extensions(schema, path);
    this.junctors(schema, path);
    if (schema.default !== undefined) this.errors.push(...checkDefault(schema.default, schema, path.child('default'), position === 'root'));
    const ruled = checkRules(schema, schema === this.root || isEmbedded(schema), path, place, this.costs);
    this.errors.push(...ruled);
    this.below(schema, path, place);
  }

  private below(schema: Schema, path: FieldPath, place: Place): void {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const at = path.child('properties').key(name);
      if ((schema === this.root || isEmbedded(schema)) && name === 'metadata') this.metadata(property, at);
      this.check(property, at, 'property', place);
    }
    const below = placeBelow(place, schema, path);
    if (schema.items) this.check(schema.items, path.child('items'), 'items', below);
    if (typeof schema.additionalProperties === 'object') this.check(schema.additionalProperties, path.child('additionalProperties'), 'values', below);
  }

  private forbid(path: FieldPath, detail: string): void {
    this.errors.push(fieldErrors.forbidden(path, detail));
  }

  private words(schema: Schema, path: FieldPath): void {
    const members = schema as unknown as JsonObject;
    for (const name of UNSUPPORTED) if (hasValue(members[name])) this.forbid(path.child(name), name === '$schema' ? '$schema is not supported' : `${name} is not supported`);
    if (schema.uniqueItems === true) this.forbid(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
    if (schema.additionalProperties === false) this.forbid(path.child('additionalProperties'), 'additionalProperties cannot be set to false');
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== false && Object.keys(schema.properties ?? {}).length > 0)
      this.forbid(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
    if (schema.pattern) {
      const problem = patternProblem(schema.pattern);
      if (problem !== undefined) this.errors.push(fieldErrors.invalid(path.child('pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${problem}`));
    }
  }

  private type(schema: Schema, path: FieldPath, position: Position): void {
    const { type } = schema;
    const at = path.child('type');
    if (isIntOrString(schema)) {
      if (type) this.forbid(at, 'must be empty if x-kubernetes-int-or-string is true');
    } else if (!type) {
      if (position === 'root' || !preserves(schema)) this.errors.push(fieldErrors.required(at, typeMissing[position]));
    } else if (!TYPES.includes(type)) this.errors.push(fieldErrors.notSupported(at, type, TYPES));
    if (position === 'root' && type && type !== 'object') this.errors.push(fieldErrors.invalid(at, type, 'must be object at the root'));
    if (position === 'root' && schema.nullable === true) this.forbid(path.child('nullable'), 'nullable cannot be true at the root');
    if (type === 'array' && !schema.items && !preserves(schema)) this.errors.push(fieldErrors.required(path.child('items'), 'must be specified'));
    if (isEmbedded(schema)) {
      if (type !== 'object') this.errors.push(fieldErrors.invalid(at, type ?? '', 'must be object if x-kubernetes-embedded-resource is true'));
      if (!schema.properties && !preserves(schema)) this.errors.push(fieldErrors.required(path.child('properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'));
    }
  }

  private extensions(schema: Schema, path: FieldPath): void {
    const { 'x-kubernetes-list-type': listType, 'x-kubernetes-map-type': mapType, 'x-kubernetes-list-map-keys': keys } = schema;
    if (schema['x-kubernetes-preserve-unknown-fields'] === false) this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
    if (mapType !== undefined) {
      if (!MAP_TYPES.includes(mapType)) this.errors.push(fieldErrors.notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES));
      if (schema.type !== 'object') this.errors.push(typeWanted(path, schema, 'object', 'x-kubernetes-map-type'));
    }
    if (listType !== undefined) {
      if (!LIST_TYPES.includes(listType)) this.errors.push(fieldErrors.notSupported(path.child('x-kubernetes-list-type'), listType, LIST_TYPES));
      if (schema.type !== 'array') this.errors.push(typeWanted(path, schema, 'array', 'x-kubernetes-list-type'));
    }
    if (listType === 'map') this.keyedList(schema, keys ?? [], path);
    else if (keys && keys.length > 0) this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-list-type'), listType ?? '', 'must be map if x-kubernetes-list-map-keys is non-empty'));
    if (listType === 'set' && schema.items) this.setItems(schema.items, path.child('items'));
  }

  private keyedList({ items }: Schema, keys: readonly string[], path: FieldPath): void {
    const at = path.child('x-kubernetes-list-map-keys');
    if (keys.length === 0) this.errors.push(fieldErrors.required(at, 'must not be empty if x-kubernetes-list-type is map'));
    if (items && items.type !== 'object') this.errors.push(fieldErrors.invalid(path.child('items', 'type'), items.type ?? '', 'must be object if parent array\'s x-kubernetes-list-type is map'));
    keys.forEach((key, i) => {
      const property = items?.properties?.[key];
      if (!property) this.errors.push(fieldErrors.invalid(at.index(i), key, 'entries must all be names of item properties'));
      else if (property.type === 'array' || property.type === 'object') this.errors.push(fieldErrors.invalid(path.child('items', 'properties').key(key).child('type'), property.type, 'must be a scalar type if parent array\'s x-kubernetes-list-type is map'));
      else if (property.default === undefined && items.required?.includes(key) !== true) this.errors.push(fieldErrors.required(path.child('items', 'properties').key(key).child('default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'));
      if (property?.nullable === true) this.forbid(path.child('items', 'properties').key(key).child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable');
    });
    if (new Set(keys).size !== keys.length) this.errors.push(fieldErrors.invalid(at, keys, 'must not contain duplicate entries'));
  }

  private setItems(items: Schema, path: FieldPath): void {
    if (items.nullable === true) this.forbid(path.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is "set"');
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-map-type'), items['x-kubernetes-map-type'] ?? null, 'must be atomic as item of a list with x-kubernetes-list-type=set'));
    if (items.type === 'array' && items['x-kubernetes-list-type'] !== 'atomic') this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-list-type'), items['x-kubernetes-list-type'] ?? null, 'must be atomic as item of a list with x-kubernetes-list-type=set'));
  }

  /** The metadata of a resource has its schema; only names may be narrowed. */
  private metadata(schema: Schema, path: FieldPath): void {
    if (schema.type !== 'object') this.errors.push(fieldErrors.invalid(path.child('type'), schema.type ?? '', 'must be object'));
    const names = Object.keys(schema.properties ?? {}).filter((name) => name !== 'name' && name !== 'generateName');
    if (names.length > 0) this.forbid(path, 'must not specify anything other than name and generateName, but metadata is implicitly specified');
  }

  private junctors(schema: Schema, path: FieldPath): void {
    for (const kind of ['allOf', 'anyOf', 'oneOf'] as const) schema[kind]?.forEach((inner, i) => this.nested(inner, schema, path.child(kind).index(i), path));
    if (schema.not) this.nested(schema.not, schema, path.child('not'), path);
  }

  /** A schema inside of a junctor says what values are allowed, and names only what its parent names. */
  private nested(inner: Schema, outer: Schema | undefined, path: FieldPath, outerPath: FieldPath): void {
    const excused = outer && isIntOrString(outer) ? ['type'] : [];
    for (const name of STRUCTURE) if (hasValue((inner as unknown as JsonObject)[name]) && !excused.includes(name)) this.forbid(path.child(name), `must be empty to be structural`);
    for (const [name, property] of Object.entries(inner.properties ?? {})) {
      const declared = outer?.properties?.[name];
      if (outer && !declared && !(typeof outer.additionalProperties === 'object')) this.errors.push(fieldErrors.required(outerPath.child('properties').key(name), `because it is defined in ${path.child('properties').key(name).toString()}`));
      this.nested(property, declared, path.child('properties').key(name), outerPath.child('properties').key(name));
    }
    if (inner.items) {
      if (outer && !outer.items) this.errors.push(fieldErrors.required(outerPath.child('items'), `because it is defined in ${path.child('items').toString()}`));
      this.nested(inner.items, outer?.items, path.child('items'), outerPath.child('items'));
    }
    for (const kind of ['allOf', 'anyOf', 'oneOf'] as const) inner[kind]?.forEach((each, i) => this.nested(each, outer, path.child(kind).index(i), outerPath));
    if (inner.not) this.nested(inner.not, outer, path.child('not'), outerPath);
  }
}

function typeWanted(path: FieldPath, { type }: Schema, wanted: string, because: string): FieldError {
  const detail = `must be ${wanted} if ${because} is specified`;
  return type ? fieldErrors.invalid(path.child('type'), type, detail) : fieldErrors.required(path.child('type'), detail);
}

function hasValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

function patternProblem(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof EvalError) return error.message;
    throw error;
  }
}
