import { badRequest } from '../errors';
import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { compareStrings } from '../text/compare-strings';
import { patchFailed, patchRejected } from './patch-error';

// Texts mirror staging/src/k8s.io/apimachinery/pkg/util/mergepatch/errors.go.

export const patchMarker = '$patch';
const retainKeysMarker = '$retainKeys';
export const deleteFromListPrefix = '$deleteFromPrimitiveList/';
export const elementOrderPrefix = '$setElementOrder/';

const isDirective = (name: string): boolean =>
  name === patchMarker || name === retainKeysMarker || name.startsWith(deleteFromListPrefix) || name.startsWith(elementOrderPrefix);

/** Takes a directive out of a patch. */
export function takeDirective(patch: JsonObject, name: string): JsonValue | undefined {
  const directive = getMember(patch, name);
  if (directive !== undefined) delete patch[name];
  return directive;
}

/** Drops from `original` what the patch's `$retainKeys` does not name. */
export function applyRetainKeys(original: JsonObject, patch: JsonObject): void {
  const directive = takeDirective(patch, retainKeysMarker);
  if (directive === undefined) return;
  if (!Array.isArray(directive)) throw badRequest('invalid patch format of retainKeys');
  const retained = new Set(directive);
  for (const [name, value] of Object.entries(patch)) {
    if (value !== null && !isDirective(name) && !retained.has(name)) throw patchRejected("patch content doesn't match retainKeys list");
  }
  for (const name of Object.keys(original)) if (!retained.has(name)) delete original[name];
}

/**
 * What a part of a patch becomes when there is nothing to merge it with: nulls and directives go.
 * Undefined when it says delete.
 */
export function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (getMember(value, patchMarker) === 'delete') return undefined;
  for (const name of Object.keys(value)) {
    const kept = isDirective(name) || value[name] === null ? undefined : withoutDirectives(value[name] ?? null);
    if (kept === undefined) delete value[name];
    else if (kept !== value[name]) value[name] = kept;
  }
  return value;
}

export function badPatchType(type: JsonValue, map: JsonObject): Error {
  return patchFailed(`unknown patch type: ${formatGo(type)} in map: ${formatGo(map)}`);
}

export function noMergeKey(map: JsonObject, key: string): Error {
  return patchFailed(`map: ${formatGo(map)} does not contain declared merge key: ${key}`);
}

/** As Go's %v prints it. */
function formatGo(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(formatGo).join(' ')}]`;
  if (isJsonObject(value)) return `map[${Object.keys(value).sort(compareStrings).map((name) => `${name}:${formatGo(value[name] ?? null)}`).join(' ')}]`;
  return value === null ? '<nil>' : String(value);
}
