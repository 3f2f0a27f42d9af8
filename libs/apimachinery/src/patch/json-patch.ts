import { badRequest, requestEntityTooLarge } from '../errors';
import { cloneJson, equalJson, getMember, isJsonObject, serializeUntyped, type JsonObject, type JsonValue } from '../json';
import { addAtPointer, parsePointer, readPointer, removeAtPointer, replaceAtPointer } from './json-pointer';
import { notAPatch } from './not-a-patch';
import { patchRejected, PatchTestFailed } from './patch-error';

/** More operations are refused, as upstream does. */
const maxOperations = 10_000;

/** Each copy may double a document: what all copies of one patch may add together, in bytes of JSON (upstream's JSONPatchMaxCopyBytes). */
const maxCopied = 3 * 1024 * 1024;

/**
 * Applies an RFC 6902 patch; the document is not changed.
 * @throws ApiError BadRequest for what is no patch, Invalid for one that does not fit the document
 */
export function applyJsonPatch(document: JsonObject, patch: JsonValue): JsonObject {
  // No operations at all.
  if (patch === null) return cloneJson(document);
  if (!Array.isArray(patch)) throw notAPatch(patch, '[]handlers.jsonPatchOp', 'error decoding patch: ');
  if (patch.length > maxOperations) throw requestEntityTooLarge(`The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`);
  let result: JsonValue = cloneJson(document);
  const budget = { left: maxCopied };
  for (const operation of patch) {
    if (!isJsonObject(operation)) throw badRequest('json: cannot unmarshal into Go value of type jsonpatch.Operation');
    result = applyOperation(result, operation, budget);
  }
  if (!isJsonObject(result)) throw patchRejected('the patched document is no object');
  return result;
}

function applyOperation(document: JsonValue, operation: JsonObject, budget: { left: number }): JsonValue {
  const path = parsePointer(text(operation, 'path'));
  switch (operation['op']) {
    case 'add':
      return addAtPointer(document, path, value(operation));
    case 'remove':
      return removeAtPointer(document, path);
    case 'replace':
      return replaceAtPointer(document, path, value(operation));
    case 'test': {
      const found = readPointer(document, path);
      if (!equalJson(found ?? null, value(operation))) throw new PatchTestFailed(text(operation, 'path'));
      return document;
    }
    case 'move': {
      const from = parsePointer(text(operation, 'from'));
      const moved = required(document, from);
      // Into itself there is no way.
      if (path.length > from.length && from.every((step, i) => path[i] === step)) throw patchRejected('move into itself');
      return addAtPointer(removeAtPointer(document, from), path, moved);
    }
    case 'copy': {
      const copied = cloneJson(copiedFrom(document, parsePointer(text(operation, 'from'))));
      budget.left -= Buffer.byteLength(serializeUntyped(copied));
      if (budget.left < 0) throw patchRejected('the patch copies too much');
      return addAtPointer(document, path, copied);
    }
    default:
      throw patchRejected(`Unexpected kind: ${JSON.stringify(operation['op'] ?? 'unknown')}`);
  }
}

function text(operation: JsonObject, name: string): string {
  const found = getMember(operation, name);
  if (typeof found !== 'string') throw patchRejected(`operation lacks ${name}`);
  return found;
}

/** What is not said is a null, as to upstream's library. */
function value(operation: JsonObject): JsonValue {
  return cloneJson(getMember(operation, 'value') ?? null);
}

/** What an object lacks is copied as a null, as upstream's library does. */
function copiedFrom(document: JsonValue, steps: readonly string[]): JsonValue {
  const isLacking = steps.length > 0 && isJsonObject(readPointer(document, steps.slice(0, -1)));
  return isLacking ? (readPointer(document, steps) ?? null) : required(document, steps);
}

function required(document: JsonValue, steps: readonly string[]): JsonValue {
  const found = readPointer(document, steps);
  if (found === undefined) throw patchRejected(`doc is missing from path: ${steps.join('/')}: missing value`);
  return found;
}
