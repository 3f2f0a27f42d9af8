import { ApiError, applyJsonPatch, type JsonObject, PatchTestFailed } from '@navarch/apimachinery';
import { isList, isMap, toJson, type Value } from '@navarch/cel';
import { ConfigurationFault } from './policy-params';
import { typeFaults } from './type-faults';

/** What the JSON patch of a mutation makes of an object. @throws ConfigurationFault for a patch that does not fit, EvalError for one that is no JSON */
export function patched(object: JsonObject, patch: Value): JsonObject {
  for (const operation of isList(patch) ? patch : []) {
    const value = isMap(operation) ? (operation.get('value') ?? null) : null;
    const mismatches = isMap(value) && value.typeName !== undefined ? typeFaults(value, value.typeName) : [];
    if (mismatches.length > 0) throw new ConfigurationFault(`type mismatch: ${mismatches.join('\n')}`);
  }
  try {
    return applyJsonPatch(structuredClone(object), toJson(patch));
  } catch (error) {
    // A test that does not hold is how a patch says when it does not apply.
    if (error instanceof PatchTestFailed) return object;
    // Whatever else goes wrong is no fault of the policy.
    if (!(error instanceof ApiError)) throw error;
    throw new ConfigurationFault(`JSON Patch: ${error.cause instanceof Error ? error.cause.message : error.message}`);
  }
}
