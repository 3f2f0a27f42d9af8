import { parseExactJson } from './exact-json-parser';
import type { JsonValue } from './json-value';
import { serializeUntyped } from './serialize-untyped';

/** Where a number stands that a double may not hold. Between quotes it costs no more than time. */
const longNumber = /[:,[]\s*-?\d{16}/;

/** Reads JSON from whom it is well formed of: whole numbers are exact, by the language's own parser where it can. */
export function parseJson(text: string): JsonValue {
  return longNumber.test(text) ? parseExactJson(text).value : (JSON.parse(text) as JsonValue);
}

/** The same of bytes. Objects are read so from the store: nearly none has a long number, and that is seen at a 16th of the bytes. */
export function parseJsonBytes(json: Uint8Array): JsonValue {
  const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString();
  return hasLongDigits(json) ? parseJson(text) : (JSON.parse(text) as JsonValue);
}

const digits = 16;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Whether so many digits stand in a row that a double may not hold them, in a number or anywhere: one of them stands at each 16th byte. */
function hasLongDigits(json: Uint8Array): boolean {
  for (let at = digits - 1; at < json.length; at += digits) {
    if (!isDigit(json[at])) continue;
    let [start, end] = [at, at + 1];
    while (isDigit(json[start - 1])) start--;
    while (isDigit(json[end])) end++;
    if (end - start >= digits) return true;
  }
  return false;
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
