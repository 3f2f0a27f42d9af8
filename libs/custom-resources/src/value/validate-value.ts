import { equalJson, exactJsonText, type FieldError, fieldErrors, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { compilePattern } from '@navarch/cel';
import { isIntOrString, memberOf, type Schema } from '../schema/schema';
import { oldItems, oldMember, unchanged } from './correlate';
import { hasFormat } from './formats';

// Messages are those of kube-openapi's pkg/validation/{errors,validate}, as apiextensions turns them into field errors.

/** What is wrong with a value by its schema. What an update leaves as it was is not looked at (`old`). */
export function validateValue(value: JsonValue, schema: Schema, path = '', old?: JsonValue): FieldError[] {
  if (unchanged(value, old)) return [];
  if (value === null) return schema.nullable === true ? [] : [...typeError(path, schema.type ?? '', 'null', schema), ...checkEnum(value, schema, path)];
  // All that a schema says is held against a value, whatever its type.
  return [
    ...checkType(value, schema, path),
    ...checkEnum(value, schema, path),
    ...checkJunctors(value, schema, path),
    ...(typeof value === 'string' ? checkString(value, schema, path) : []),
    ...(typeof value === 'number' || typeof value === 'bigint' ? checkNumber(value, schema, path) : []),
    ...(Array.isArray(value) ? checkArray(value, schema, path, old) : []),
    ...(isJsonObject(value) ? checkObject(value, schema, path, old) : []),
  ];
}

const invalid = (path: string, value: unknown, detail: string): FieldError => fieldErrors.invalid(path, value, `${path} in body ${detail}`);

/** JSON's name of what a value is, as messages have it. */
export function jsonType(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value;
}

function typeError(path: string, wanted: string, found: string, schema: Schema): FieldError[] {
  if (isIntOrString(schema)) return [fieldErrors.typeInvalid(path, found, `${path} in body must be of type integer,string: ${JSON.stringify(found)}`)];
  return wanted === '' ? [] : [fieldErrors.typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`)];
}

function checkType(value: JsonValue, schema: Schema, path: string): FieldError[] {
  const found = jsonType(value);
  if (isIntOrString(schema)) return found === 'integer' || found === 'string' ? [] : typeError(path, '', found, schema);
  const { type } = schema;
  if (type === undefined || type === '' || type === found || (type === 'number' && found === 'integer')) return [];
  return typeError(path, type, found, schema);
}

function checkEnum(value: JsonValue, { enum: allowed }: Schema, path: string): FieldError[] {
  if (!allowed || allowed.length === 0 || allowed.some((one) => equalJson(one, value))) return [];
  return [fieldErrors.notSupported(path, value, allowed.map((one) => (typeof one === 'string' ? one : exactJsonText(one))))];
}

function checkString(value: string, { minLength, maxLength, pattern, format }: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength) errors.push(fieldErrors.tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) errors.push(invalid(path, value, `should be at least ${minLength} chars long`));
  if (pattern !== undefined && pattern !== '' && !compilePattern(pattern).matcher(value).find()) errors.push(invalid(path, value, `should match '${pattern}'`));
  if (format !== undefined && !hasFormat(value, format)) errors.push(fieldErrors.typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
  return errors;
}

function checkNumber(value: bigint | number, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false, multipleOf } = schema;
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) errors.push(invalid(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) errors.push(invalid(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  if (multipleOf !== undefined && !Number.isInteger(Number(value) / multipleOf)) errors.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  if (!fitsFormat(value, schema)) errors.push(unplaced(`Checked value must be of type ${schema.type ?? ''} ${schema.format ? `with format ${schema.format}` : '(default format)'} in ${path}`));
  return errors;
}

const INT_SIZES: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = { int32: [-(2n ** 31n), 2n ** 31n - 1n], uint32: [0n, 2n ** 32n - 1n], uint64: [0n, 2n ** 64n - 1n] };
const ANY_INT = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const MAX_FLOAT = 3.4028234663852886e38;

/** Whether there is room for a number in the type of Go that its format names. */
function fitsFormat(value: bigint | number, { type, format = '' }: Schema): boolean {
  if (type !== 'integer') return !['float', 'float32'].includes(format) || Math.abs(Number(value)) <= MAX_FLOAT;
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  const [min, max] = INT_SIZES[format] ?? ANY_INT;
  return BigInt(value) >= min && BigInt(value) <= max;
}

function checkArray(value: readonly JsonValue[], schema: Schema, path: string, old: JsonValue | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { minItems, maxItems, items } = schema;
  if (items) {
    const before = oldItems(old, schema);
    value.forEach((item, i) => errors.push(...validateValue(item, items, `${path}[${i}]`, before(item))));
  }
  if (minItems !== undefined && value.length < minItems) errors.push(invalid(path, value.length, `should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) errors.push(fieldErrors.tooMany(path, value.length, maxItems));
  return errors;
}

export const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function checkObject(value: JsonObject, schema: Schema, path: string, old: JsonValue | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const { minProperties, maxProperties, required = [] } = schema;
  const names = Object.keys(value);
  if (minProperties !== undefined && names.length < minProperties) errors.push(invalid(path, names.length, `should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && names.length > maxProperties) errors.push(fieldErrors.tooMany(path, names.length, maxProperties));
  for (const name of required) if (!Object.hasOwn(value, name)) errors.push(fieldErrors.required(join(path, name)));
  for (const name of names) {
    const member = memberOf(schema, name);
    // Old and new are of one version when they get here, whatever they were: what stands at the top for that has no history (ratcheting.go).
    const before = path === '' && (name === 'apiVersion' || name === 'kind') ? undefined : oldMember(old, name);
    if (member) errors.push(...validateValue(value[name] ?? null, member, join(path, name), before));
  }
  return errors;
}

/** Upstream does not know of these where they stand; the text tells. */
const unplaced = (detail: string): FieldError => fieldErrors.invalid('', '', detail);
const composite = (path: string, detail: string): FieldError => unplaced(`${JSON.stringify(path)} ${detail}`);

/** How many parts of a value a schema has something to say of. */
function partsKnown(value: JsonValue, schema: Schema): number {
  const { items } = schema;
  if (Array.isArray(value)) return 1 + (items ? value.reduce<number>((sum, item) => sum + partsKnown(item, items), 0) : 0);
  if (!isJsonObject(value)) return 1;
  return Object.entries(value).reduce((sum, [name, member]) => {
    const below = memberOf(schema, name);
    return below ? sum + partsKnown(member, below) : sum;
  }, 1);
}

/** Of several failures, what the schema says that has most to say of the value; of those that have as much, the first. */
function closest(value: JsonValue, schemas: readonly Schema[], failures: readonly (readonly FieldError[])[]): readonly FieldError[] {
  const known = schemas.map((schema) => partsKnown(value, schema));
  return failures[known.indexOf(Math.max(...known))] ?? [];
}

function checkJunctors(value: JsonValue, { allOf = [], anyOf = [], oneOf = [], not }: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const against = (schemas: readonly Schema[]): FieldError[][] => schemas.map((schema) => validateValue(value, schema, path));
  if (anyOf.length > 0) {
    const results = against(anyOf);
    if (results.every((found) => found.length > 0)) errors.push(composite(path, 'must validate at least one schema (anyOf)'), ...closest(value, anyOf, results));
  }
  if (oneOf.length > 0) {
    const results = against(oneOf);
    const valid = results.filter((found) => found.length === 0).length;
    if (valid === 0) errors.push(composite(path, 'must validate one and only one schema (oneOf). Found none valid'), ...closest(value, oneOf, results));
    if (valid > 1) errors.push(composite(path, `must validate one and only one schema (oneOf). Found ${valid} valid alternatives`));
  }
  const failed = against(allOf).filter((found) => found.length > 0);
  if (failed.length > 0) errors.push(composite(path, 'must validate all the schemas (allOf)' + (failed.length === allOf.length ? '. None validated' : '')), ...failed.flat());
  if (not && validateValue(value, not, path).length === 0) errors.push(composite(path, 'must not validate the schema (not)'));
  return errors;
}

