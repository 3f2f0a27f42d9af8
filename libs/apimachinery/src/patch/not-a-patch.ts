import { badRequest, type ApiError } from '../errors';
import type { JsonValue } from '../json';

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** 400: a body that Go's decoder cannot read as a patch of its type. */
export function notAPatch(patch: JsonValue, goType: string, prefix = ''): ApiError {
  return badRequest(`${prefix}json: cannot unmarshal ${kindOf(patch)} into Go value of type ${goType}`);
}
