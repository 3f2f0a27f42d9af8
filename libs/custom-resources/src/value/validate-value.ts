import { equalJson, type FieldError, fieldErrors, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { compilePattern } from '@navarch/cel';
import { isIntOrString, memberOf, type Schema } from '../schema/schema';
import { oldItems, oldMember, unchanged } from './correlate';
import { hasFormat } from './formats';

// Messages are those of kube-openapi's pkg/validation/{errors,validate}, as apiextensions turns them into field errors.

/** What is wrong with a value by its schema. What an update leaves as it was is not looked at (`old`). */
export function validateValue(value: JsonValue, schema: Schema, path = '', old?: JsonValue): FieldError[] {
  if (unchanged(value, old)) return [];
  if (value === null) return schema.nullable === true ? [] : typeError(path, schema.type ?? '', 'null', schema);
  const wrongType = checkType(value, schema, path);
  if (wrongType.length > 0) return wrongType;
  return [
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
  return [fieldErrors.notSupported(path, value, allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))];
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
  const { minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false, multipleOf, format } = schema;
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) errors.push(invalid(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`));
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) errors.push(invalid(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`));
  if (multipleOf !== undefined && !Number.isInteger(Number(value) / multipleOf)) errors.push(invalid(path, value, `should be a multiple of ${multipleOf}`));
  if (format === 'int32' && (value > 2147483647 || value < -2147483648)) errors.push(fieldErrors.invalid(path, value, `Checked value must be of type integer with format int32`));
  return errors;
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
    if (member) errors.push(...validateValue(value[name] ?? null, member, join(path, name), oldMember(old, name)));
  }
  return errors;
}

const composite = (path: string, detail: string): FieldError => fieldErrors.invalid(path, '', `${JSON.stringify(path)} ${detail}`);

/** Of several failures, what the schema that came closest says. */
const closest = (failures: readonly (readonly FieldError[])[]): readonly FieldError[] => failures.reduce((best, one) => (one.length < best.length ? one : best), failures[0] ?? []);

function checkJunctors(value: JsonValue, { allOf = [], anyOf = [], oneOf = [], not }: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const against = (schemas: readonly Schema[]): FieldError[][] => schemas.map((schema) => validateValue(value, schema, path));
  if (anyOf.length > 0) {
    const results = against(anyOf);
    if (results.every((found) => found.length > 0)) errors.push(composite(path, 'must validate at least one schema (anyOf)'), ...closest(results));
  }
  if (oneOf.length > 0) {
    const results = against(oneOf);
    const valid = results.filter((found) => found.length === 0).length;
    if (valid === 0) errors.push(composite(path, 'must validate one and only one schema (oneOf). Found none valid'), ...closest(results));
    if (valid > 1) errors.push(composite(path, `must validate one and only one schema (oneOf). Found ${valid} valid alternatives`));
  }
  const failed = against(allOf).filter((found) => found.length > 0);
  if (failed.length > 0) errors.push(composite(path, 'must validate all the schemas (allOf)' + (failed.length === allOf.length ? '. None validated' : '')), ...failed.flat());
  if (not && validateValue(value, not, path).length === 0) errors.push(composite(path, 'must not validate the schema (not)'));
  return errors;
}

