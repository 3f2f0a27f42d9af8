import { badRequest } from '../errors';
import { cloneJson, getMember, isJsonObject, setMember, shallowCopy, type JsonObject, type JsonValue } from '../json';
import { notAPatch } from './not-a-patch';

/**
 * Applies an RFC 7386 merge patch; the document is not changed, and what the patch leaves alone is shared with it.
 * @throws ApiError BadRequest when the patch is no object
 */
export function applyMergePatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (patch === null) throw badRequest('Invalid JSON Patch');
  if (!isJsonObject(patch)) throw notAPatch(patch, 'map[string]interface {}', 'error decoding patch: ');
  return mergeInto(shallowCopy(document), patch);
}

function mergeInto(target: JsonObject, patch: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (isJsonObject(value)) {
      const present = getMember(target, name);
      setMember(target, name, mergeInto(isJsonObject(present) ? shallowCopy(present) : {}, value));
    } else setMember(target, name, cloneJson(value));
  }
  return target;
}
