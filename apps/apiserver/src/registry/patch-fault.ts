import { type ApiError, fieldErrors, invalid, type JsonObject, type JsonValue, serializeUntyped } from '@navarch/apimachinery';
import type { PatchType } from './patch';

/** A type error of the decoder, taken apart. */
const TYPE_ERROR = /^json: cannot unmarshal (\S+)(?: \S+)? into .* of type (\S+)$/;

/** Upstream's name of what a value is in an untyped document. */
const KINDS = new Map([['array', 'slice'], ['object', 'map'], ['number', 'int64']]);

/** How Go prints an untyped value with `%+v`. */
function goText(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'object') return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key] ?? null)}`).join(' ')}]`;
  return String(value);
}

/** Upstream turns the result of a strategic merge patch into an object without decoding JSON, and says other words for it. */
function unconverted(why: string): string {
  const [, found = '', target = ''] = TYPE_ERROR.exec(why) ?? [];
  if (target === '') return why;
  const kind = KINDS.get(found) ?? found;
  if (target.startsWith('[]')) return `cannot restore slice from ${kind}`;
  if (target.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (/[.A-Z]/.test(target)) return `cannot restore struct from: ${kind}`;
  return kind === 'int64' && target === 'string' ? 'cannot convert int64 to string' : `unrecognized type: ${target}`;
}

/** 422: what a patch makes does not have the form of its kind. */
export function patchFault(type: PatchType, patch: JsonValue, document: JsonObject, why: string): ApiError {
  const strategic = type === 'strategic';
  const shown = strategic ? goText(patch) : serializeUntyped(document);
  return invalid({ group: '', kind: '' }, '', [fieldErrors.invalid('patch', shown, strategic ? unconverted(why) : why)]);
}
