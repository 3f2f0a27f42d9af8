import { badRequest } from '../errors';
import { cloneJson, getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from '../json';

/**
 * Applies an RFC 7386 merge patch; the document is not changed.
 * @throws ApiError BadRequest when the patch is no object
 */
export function applyMergePatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (!isJsonObject(patch)) throw badRequest('Invalid JSON Patch');
  return mergeInto(cloneJson(document), patch);
}

function mergeInto(target: JsonObject, patch: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (isJsonObject(value)) {
      const present = getMember(target, name);
      setMember(target, name, mergeInto(isJsonObject(present) ? present : {}, value));
    } else setMember(target, name, cloneJson(value));
  }
  return target;
}
