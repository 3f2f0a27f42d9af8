import { type FieldError, fieldErrors, isJsonObject, type JsonValue } from '@navarch/apimachinery';
import { isEmbedded, memberOf, type Schema } from '../schema/schema';
import { oldItems, oldMember, unchanged } from './correlate';
import { join } from './validate-value';

/** What is wrong with objects inside of an object: they need a kind of their own. */
export function validateEmbedded(value: JsonValue, schema: Schema, path = '', old?: JsonValue): FieldError[] {
  if (unchanged(value, old)) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    const before = oldItems(old, schema);
    return items ? value.flatMap((item, i) => validateEmbedded(item, items, `${path}[${i}]`, before(item))) : [];
  }
  if (!isJsonObject(value)) return [];
  const errors: FieldError[] = [];
  if (isEmbedded(schema)) {
    for (const field of ['apiVersion', 'kind']) {
      const text = value[field];
      if (text === undefined || text === '') errors.push(fieldErrors.required(join(path, field), 'must not be empty'));
      else if (typeof text !== 'string') errors.push(fieldErrors.invalid(join(path, field), text, 'must be a string'));
    }
    if (value['metadata'] !== undefined && !isJsonObject(value['metadata'])) errors.push(fieldErrors.invalid(join(path, 'metadata'), value['metadata'], 'must be an object'));
  }
  for (const name of Object.keys(value)) {
    const member = memberOf(schema, name);
    if (member) errors.push(...validateEmbedded(value[name] ?? null, member, join(path, name), oldMember(old, name)));
  }
  return errors;
}
