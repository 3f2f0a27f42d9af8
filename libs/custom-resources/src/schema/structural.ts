import { type FieldError, fieldErrors, type FieldPath, type JsonObject } from '@navarch/apimachinery';
import { compilePattern, EvalError } from '@navarch/cel';
import { checkRules, checkRuleTexts, type Place, placeBelow, ROOT, RuleCosts } from '../rules/check-rules';
import { checkDefault, surroundingsOf } from './check-default';
import { checkListTypes, MAP_TYPES } from './list-types';
import { checkJunctors, hasValue } from './nested';
import { isEmbedded, isIntOrString, preserves, type Schema } from './schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver: pkg/apis/apiextensions/validation and pkg/apiserver/schema/validation.go.

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id', '$schema'];
/** By Go's names, as messages list them: where a status is written apart, its schema must be all that is said of it. */
const AT_ROOT_WITH_STATUS: Readonly<Record<string, string>> = {
  description: 'Description', type: 'Type', format: 'Format', title: 'Title', maximum: 'Maximum', exclusiveMaximum: 'ExclusiveMaximum', minimum: 'Minimum', exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength', minLength: 'MinLength', pattern: 'Pattern', maxItems: 'MaxItems', minItems: 'MinItems', uniqueItems: 'UniqueItems', multipleOf: 'MultipleOf', required: 'Required',
  items: 'Items', properties: 'Properties', externalDocs: 'ExternalDocs', example: 'Example', 'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields', 'x-kubernetes-validations': 'XValidations',
};

/** What is wrong with the schema of a version: it must be structural, and its rules affordable. */
export function validateSchema(schema: Schema, path: FieldPath, hasStatus = false): FieldError[] {
  const costs = new RuleCosts();
  const checker = new SchemaChecker(costs, schema);
  checker.check(schema, path, 'root', ROOT);
  return [...(hasStatus ? checkRootWithStatus(schema, path) : []), ...checker.errors, ...checker.ruleErrors, ...costs.errors(path)];
}

function checkRootWithStatus(schema: Schema, path: FieldPath): FieldError[] {
  const strays = Object.entries(schema as unknown as JsonObject).some(([name, value]) => hasValue(value) && !Object.hasOwn(AT_ROOT_WITH_STATUS, name));
  return strays ? [fieldErrors.invalid(path, schema, `only [${Object.values(AT_ROOT_WITH_STATUS).join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`)] : [];
}

type Position = 'items' | 'property' | 'root' | 'values';

const typeMissing: Readonly<Record<Position, string>> = {
  root: 'must not be empty at the root',
  property: 'must not be empty for specified object fields',
  values: 'must not be empty for specified object fields',
  items: 'must not be empty for specified array items',
};

/** The place of a property: what every resource has must not be filled in at the root. */
function placeOf(name: string, schema: Schema, position: Position, place: Place): Place {
  if ((position === 'root' || isEmbedded(schema)) && RESOURCE_FIELDS.includes(name))
    return { ...place, surroundings: surroundingsOf(name), ...(position === 'root' ? { noDefaults: `in top-level ${name}` } : {}) };
  return place.surroundings === undefined ? place : { ...place, surroundings: surroundingsOf(name, place.surroundings) };
}

/** The place of the items of a list. */
function placeOfItems(place: Place): Place {
  const { surroundings } = place;
  return surroundings === undefined ? place : { ...place, surroundings: (item) => surroundings([item]) };
}

const RESOURCE_FIELDS = ['apiVersion', 'kind', 'metadata'];

class SchemaChecker {
  readonly errors: FieldError[] = [];
  readonly ruleErrors: FieldError[] = [];

  constructor(
    private readonly costs: RuleCosts,
    private readonly root: Schema,
  ) {}

  check(schema: Schema, path: FieldPath, position: Position, place: Place): void {
    const before = this.errors.length;
    this.words(schema, path);
    this.type(schema, path, position);
    this.resource(schema, path, position);
    if (place.surroundings !== undefined && isEmbedded(schema)) this.forbid(path.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta');
    this.errors.push(...checkListTypes(schema, path), ...checkJunctors(schema, path));
    this.default(schema, path.child('default'), position === 'root', place);
    this.below(schema, path, position, place);
    this.errors.push(...checkRuleTexts(schema, path));
    // What a rule can be about is clear only where the schema is.
    if (this.errors.length === before) this.ruleErrors.push(...checkRules(schema, schema === this.root || isEmbedded(schema), path, place, this.costs));
  }

  private default(schema: Schema, path: FieldPath, isRoot: boolean, { noDefaults, surroundings }: Place): void {
    if (schema.default === undefined || schema.default === null) return;
    if (noDefaults === undefined) this.errors.push(...checkDefault(schema.default, schema, path, isRoot, isEmbedded(schema) ? undefined : surroundings));
    else this.forbid(path, `must not be set ${noDefaults}`);
  }

  private below(schema: Schema, path: FieldPath, position: Position, place: Place): void {
    // Maps keep their history, those too that are replaced as a whole; of others than there are nothing is known.
    const within = MAP_TYPES.includes(schema['x-kubernetes-map-type'] ?? 'granular') ? place : { ...place, uncorrelated: place.uncorrelated ?? path.toString() };
    for (const [name, property] of Object.entries(schema.properties ?? {})) this.check(property, path.child('properties').key(name), 'property', placeOf(name, schema, position, within));
    const below = placeBelow(place, schema, path);
    if (schema.items) this.check(schema.items, path.child('items'), 'items', placeOfItems(below));
    if (typeof schema.additionalProperties === 'object') {
      this.check(
        schema.additionalProperties,
        path.child('additionalProperties'),
        'values',
        place.surroundings !== undefined ? { ...below, noDefaults: 'inside additionalProperties applying to object metadata' } : below,
      );
    }
  }

  private forbid(path: FieldPath, detail: string): void {
    this.errors.push(fieldErrors.forbidden(path, detail));
  }

  private words(schema: Schema, path: FieldPath): void {
    const members = schema as unknown as JsonObject;
    for (const name of UNSUPPORTED) if (hasValue(members[name])) this.forbid(path.child(name), `${name} is not supported`);
    if (schema.uniqueItems === true) this.forbid(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== true && hasValue(members['properties'])) {
      this.forbid(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
    }
    if (schema['x-kubernetes-preserve-unknown-fields'] === false) this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
    const problem = schema.pattern ? patternProblem(schema.pattern) : undefined;
    if (problem !== undefined) this.errors.push(fieldErrors.invalid(path.child('pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${problem}`));
  }

  private type(schema: Schema, path: FieldPath, position: Position): void {
    const { type } = schema;
    const at = path.child('type');
    if (isEmbedded(schema) && type !== 'object') {
      this.errors.push(
        type
          ? fieldErrors.invalid(at, type, 'must be object if x-kubernetes-embedded-resource is true')
          : fieldErrors.required(at, 'must be object if x-kubernetes-embedded-resource is true'),
      );
    } else if (!type && !isIntOrString(schema) && !preserves(schema)) this.errors.push(fieldErrors.required(at, typeMissing[position]));
    if (type && !TYPES.includes(type)) this.errors.push(fieldErrors.notSupported(at, type, TYPES));
    if (type === 'null') this.forbid(at, 'type cannot be set to null, use nullable as an alternative');
    if (position === 'root' && type && type !== 'object') this.errors.push(fieldErrors.invalid(at, type, 'must be object at the root'));
    if (position === 'root' && schema.nullable === true) this.forbid(path.child('nullable'), 'nullable cannot be true at the root');
    if (type === 'array' && !schema.items) this.errors.push(fieldErrors.required(path.child('items'), 'must be specified'));
    if (!isIntOrString(schema)) return;
    const never = 'must be false if x-kubernetes-int-or-string is true';
    if (preserves(schema)) this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), true, never));
    if (isEmbedded(schema)) this.errors.push(fieldErrors.invalid(path.child('x-kubernetes-embedded-resource'), true, never));
  }

  /** What the root, and what is a resource inside of another, may say of itself. */
  private resource(schema: Schema, path: FieldPath, position: Position): void {
    const isRoot = position === 'root';
    if (isRoot && schema.additionalProperties !== undefined) this.forbid(path.child('additionalProperties'), 'must not be used at the root');
    if (isEmbedded(schema)) {
      if (schema.additionalProperties !== undefined) this.forbid(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set');
      if (!preserves(schema) && Object.keys(schema.properties ?? {}).length === 0) {
        this.errors.push(
          fieldErrors.required(
            path.child('properties'),
            'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
          ),
        );
      }
    }
    if (!isRoot && !isEmbedded(schema)) return;
    const { kind, apiVersion, metadata } = schema.properties ?? {};
    for (const [name, property] of [['kind', kind], ['apiVersion', apiVersion]] as const)
      if (property && property.type !== 'string') this.errors.push(fieldErrors.invalid(path.child('properties').key(name).child('type'), property.type ?? '', 'must be string'));
    if (!metadata) return;
    const at = path.child('properties').key('metadata');
    if (metadata.type !== 'object') this.errors.push(fieldErrors.invalid(at.child('type'), metadata.type ?? '', 'must be object'));
    if (isRoot && saysMoreThanNames(metadata)) this.forbid(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified');
  }
}

/** The metadata of a resource has a schema of its own; only names may be narrowed. */
function saysMoreThanNames(metadata: Schema): boolean {
  const others = Object.keys(metadata.properties ?? {}).some((name) => name !== 'name' && name !== 'generateName');
  return others || Object.entries(metadata as unknown as JsonObject).some(([name, value]) => !['type', 'properties', 'default'].includes(name) && hasValue(value));
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
