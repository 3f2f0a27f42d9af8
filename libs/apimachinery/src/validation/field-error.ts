import { exactJsonText } from '../json/exact-text';
import { goQuote } from '../text/go-quote';
import { type FieldPath } from './field-path';

// Mirrors staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go.

/** Upstream's error types; they go into a Status as the reasons of its causes. */
export type FieldErrorType =
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueRequired'
  | 'FieldValueTooFew'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooShort'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One broken rule. `body` is the text without the field, `message` with it. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly body: string;
  readonly message: string;
}

const titles: Readonly<Record<FieldErrorType, string>> = {
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotFound: 'Not found',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueRequired: 'Required value',
  FieldValueTooFew: 'Too few',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooShort: 'Too short',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
};

/** Stands for a value that messages leave out. */
const omitted = Symbol('omitted');

type Field = FieldPath | string;

function fieldError(type: FieldErrorType, field: Field, value: unknown, detail: string): FieldError {
  const name = field.toString();
  const head = value === omitted ? titles[type] : `${titles[type]}: ${formatValue(value)}`;
  const body = detail === '' ? head : `${head}: ${detail}`;
  // The nil path of upstream prints as <nil>.
  return { type, field: name === '' ? '<nil>' : name, body, message: `${name === '' ? '<nil>' : name}: ${body}` };
}

/** The same rule broken, told of a field below another one. */
export function within(parent: string, { type, field, body }: FieldError): FieldError {
  const name = field === '<nil>' ? parent : `${parent}${field.startsWith('[') ? '' : '.'}${field}`;
  return { type, field: name, body, message: `${name}: ${body}` };
}

/** Strings as Go quotes them, other scalars plainly, the rest as Go marshals JSON. */
function formatValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'bigint') return value.toString();
  // Go escapes these three in JSON.
  return (exactJsonText(value) as string | undefined ?? 'null').replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

const count = (n: number, one: string): string => `${n} ${n === 1 ? one : one + 's'}`;

/** The constructors of upstream's package `field`. */
export const fieldErrors = {
  required: (field: Field, detail = ''): FieldError => fieldError('FieldValueRequired', field, omitted, detail),
  invalid: (field: Field, value: unknown, detail: string): FieldError => fieldError('FieldValueInvalid', field, value, detail),
  /** Without the value, where it is too large or says nothing. */
  invalidUnnamed: (field: Field, detail: string): FieldError => fieldError('FieldValueInvalid', field, omitted, detail),
  typeInvalid: (field: Field, value: unknown, detail: string): FieldError => fieldError('FieldValueTypeInvalid', field, value, detail),
  notFound: (field: Field, value: unknown): FieldError => fieldError('FieldValueNotFound', field, value, ''),
  duplicate: (field: Field, value: unknown): FieldError => fieldError('FieldValueDuplicate', field, value, ''),
  duplicateUnnamed: (field: Field): FieldError => fieldError('FieldValueDuplicate', field, omitted, ''),
  forbidden: (field: Field, detail: string): FieldError => fieldError('FieldValueForbidden', field, omitted, detail),
  internal: (field: Field, detail: string): FieldError => fieldError('InternalError', field, omitted, detail),

  /** `supported` is listed in the order given; upstream mostly sorts it. */
  notSupported: (field: Field, value: unknown, supported: readonly string[]): FieldError =>
    fieldError('FieldValueNotSupported', field, value, supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`),

  /** A limit in bytes; a negative one is not named. */
  tooLong: (field: Field, maxBytes: number): FieldError =>
    fieldError('FieldValueTooLong', field, omitted, maxBytes < 0 ? 'value is too long' : `may not be more than ${count(maxBytes, 'byte')}`),
  tooLongCharacters: (field: Field, max: number): FieldError =>
    fieldError('FieldValueTooLong', field, omitted, max < 0 ? 'value is too long' : `may not be more than ${count(max, 'character')}`),
  tooShort: (field: Field, min: number): FieldError =>
    fieldError('FieldValueTooShort', field, omitted, min < 0 ? 'value is too short' : `must be at least ${count(min, 'character')}`),
  tooMany: (field: Field, actual: number, max: number): FieldError =>
    fieldError('FieldValueTooMany', field, actual < 0 ? omitted : actual, max < 0 ? 'has too many items' : `must have at most ${count(max, 'item')}`),
  tooFew: (field: Field, actual: number, min: number): FieldError =>
    fieldError('FieldValueTooFew', field, actual < 0 ? omitted : actual, min < 0 ? 'has too few items' : `must have at least ${count(min, 'item')}`),
} as const;

/** Joins messages as upstream's aggregate errors print: alone, or `[a, b]`, each only once. */
export function aggregateMessages(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
