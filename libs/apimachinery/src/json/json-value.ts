/** A decoded JSON value. Whole numbers beyond 2⁵³ are bigints, so that none is ever changed. */
export type JsonValue = JsonObject | JsonValue[] | bigint | boolean | number | string | null;

/** A decoded JSON object. `__proto__` is a member like any other: read members with Object.hasOwn where keys are the user's. */
export interface JsonObject {
  [name: string]: JsonValue;
}

/** Whether this is an object, and no list and no null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a member whatever its name is. */
export function setMember(object: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

/** Reads an own member; undefined when there is none. */
export function getMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A copy that shares what is in it. To spread objects of so many shapes into a literal takes several times as long. */
export function shallowCopy(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const name of Object.keys(object)) setMember(copy, name, object[name] as JsonValue);
  return copy;
}

/** A deep copy. */
export function cloneJson<T extends JsonValue | undefined>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const name of Object.keys(value)) setMember(copy, name, cloneJson(value[name]) as JsonValue);
  return copy as T;
}

/** Whether two values are the same data; the order of members does not matter, 1 and 1n are equal. */
export function equalJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof b === 'bigint') return typeof a === 'number' || typeof b === 'number' ? a == b : false;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) if (!Object.hasOwn(b, name) || !equalJson(a[name], b[name])) return false;
  return true;
}

function equalLists(a: JsonValue[], b: JsonValue[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false;
  return true;
}
