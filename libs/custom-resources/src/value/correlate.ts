import { equalJson, exactJsonText, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import type { Schema } from '../schema/schema';

/** The old value of a member: objects and maps keep their members' names. */
export const oldMember = (old: JsonValue | undefined, name: string): JsonValue | undefined => (isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined);

const keyOf = (item: JsonObject, { items }: Schema, keys: readonly string[]): string => exactJsonText(keys.map((key) => item[key] ?? items?.properties?.[key]?.default ?? null));

/** Finds old items of a list by what makes them the same: their keys, in lists that have some. Items of other lists have no history. */
export function oldItems(old: JsonValue | undefined, schema: Schema): (item: JsonValue) => JsonValue | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map') return () => undefined;
  const byKey = new Map(old.filter(isJsonObject).map((item) => [keyOf(item, schema, keys), item] as const));
  return (item) => (isJsonObject(item) ? byKey.get(keyOf(item, schema, keys)) : undefined);
}

/** Whether a value is what it was: then what is wrong with it was so before, and is let be. */
export const unchanged = (value: JsonValue, old: JsonValue | undefined): boolean => old !== undefined && equalJson(value, old);
