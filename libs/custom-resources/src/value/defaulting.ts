import { cloneJson, isJsonObject, type JsonValue, setMember } from '@navarch/apimachinery';
import { memberOf, type Schema, valuesOf } from '../schema/schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting.

/** A null where none may be: as good as absent. */
const isStrayNull = (value: JsonValue | undefined, schema: Schema | undefined): boolean => value === null && schema !== undefined && schema.nullable !== true;

/** Fills in what a value leaves out and its schema has a default for. Changes the value. */
export function applyDefaults(value: JsonValue, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) value.forEach((item, i) => {
      if (isStrayNull(item, items) && items.default !== undefined) value[i] = cloneJson(items.default);
      applyDefaults(value[i] ?? null, items);
    });
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue;
    if (!Object.hasOwn(value, name) || isStrayNull(value[name], property)) setMember(value, name, cloneJson(property.default));
  }
  const values = valuesOf(schema);
  for (const name of Object.keys(value)) {
    const member = memberOf(schema, name);
    if (!member) continue;
    if (member === values && isStrayNull(value[name], values) && values.default !== undefined) setMember(value, name, cloneJson(values.default));
    applyDefaults(value[name] ?? null, member);
  }
}

/** Takes nulls away that may not be there: they would fail validation where an absent field would not. Changes the value. */
export function dropStrayNulls(value: JsonValue, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) dropStrayNulls(item, schema.items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of Object.keys(value)) {
    const member = memberOf(schema, name);
    if (!member) continue;
    if (isStrayNull(value[name], member)) delete value[name];
    else dropStrayNulls(value[name] ?? null, member);
  }
}
