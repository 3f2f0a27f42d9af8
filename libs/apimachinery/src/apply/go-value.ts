import { isJsonObject, type JsonObject, type JsonValue } from '../json';
import { compareStrings } from '../text/compare-strings';
import { goQuote } from '../text/go-quote';

/** What structured-merge-diff calls a value in messages, as Go's `%#v` prints it: people look for this text when a number stands where a string must. */
export function goSyntaxOfValue(value: JsonValue): string {
  return `&value.valueUnstructured{Value:${goSyntax(value)}}`;
}

/** The same as `%v` prints it. */
export function goTextOfValue(value: JsonValue): string {
  return `&{${goText(value)}}`;
}

function goSyntax(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isJsonObject(value)) return `map[string]interface {}{${sorted(value).map(([name, member]) => `${goQuote(name)}:${goSyntax(member)}`).join(', ')}}`;
  return typeof value === 'string' ? goQuote(value) : String(value);
}

function goText(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) return `map[${sorted(value).map(([name, member]) => `${name}:${goText(member)}`).join(' ')}]`;
  return String(value);
}

function sorted(object: JsonObject): [string, JsonValue][] {
  return Object.entries(object).sort(([a], [b]) => compareStrings(a, b));
}
