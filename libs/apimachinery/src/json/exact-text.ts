import { parseExactJson } from './exact-json-parser';
import type { JsonValue } from './json-value';
import { serializeUntyped } from './serialize-untyped';

/** Where a number stands that a double may not hold. Between quotes it costs no more than time. */
const longNumber = /[:,[]\s*-?\d{16}/;

/** Reads JSON from whom it is well formed of: whole numbers are exact, by the language's own parser where it can. */
export function parseJson(text: string): JsonValue {
  return longNumber.test(text) ? parseExactJson(text).value : (JSON.parse(text) as JsonValue);
}

/** JSON of what may hold large whole numbers. */
export function exactJsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // The language's own writer, much the faster one, knows no large integers.
    if (error instanceof Error && error.name === 'TypeError') return serializeUntyped(value as JsonValue);
    throw error;
  }
}
