import { type FieldError, fieldErrors, isJsonObject, type JsonObject, type JsonValue, serializeUntyped } from '@navarch/apimachinery';
import { memberOf, type Schema } from '../schema/schema';
import { oldItems, oldMember, unchanged } from './correlate';
import { memberPath } from './member-path';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype.

/** Items that stand twice in a set, or with the same keys in a list that is keyed; an object that had some before may get others too (strategy.go, ValidateUpdate). */
export function validateListTypes(value: JsonValue, schema: Schema, old?: JsonValue): FieldError[] {
  const errors = repeated(value, schema, '', old);
  return errors.length > 0 && old !== undefined && repeated(old, schema, '', undefined).length > 0 ? [] : errors;
}

/** Those in what is not as it was. */
function repeated(value: JsonValue, schema: Schema, path: string, old: JsonValue | undefined): FieldError[] {
  if (unchanged(value, old)) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    const before = oldItems(old, schema);
    return [...duplicates(value, schema, path), ...(items ? value.flatMap((item, i) => repeated(item, items, `${path}[${i}]`, before(item))) : [])];
  }
  if (!isJsonObject(value)) return [];
  return Object.keys(value).flatMap((name) => {
    const member = memberOf(schema, name);
    return member ? repeated(value[name] ?? null, member, memberPath(path, name, schema), oldMember(old, name)) : [];
  });
}

function duplicates(list: readonly JsonValue[], schema: Schema, path: string): FieldError[] {
  const identity = identityIn(schema);
  if (!identity) return [];
  const seen = new Map<string, number>();
  return list.flatMap((item, i) => {
    const key = identity(item);
    const text = serializeUntyped(key);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    // Each is named once, where it stands for the second time.
    return times === 1 ? [fieldErrors.duplicate(`${path}[${i}]`, key)] : [];
  });
}

/** What may stand once only. */
function identityIn(schema: Schema): ((item: JsonValue) => JsonValue) | undefined {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return (item) => item;
  if (listType !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (item) => {
    const found: JsonObject = {};
    // As Go writes maps.
    for (const key of [...keys].sort()) {
      const value = isJsonObject(item) && Object.hasOwn(item, key) ? item[key] : schema.items?.properties?.[key]?.default;
      if (value !== undefined) found[key] = value;
    }
    return found;
  };
}
