import { isJsonObject, type JsonObject } from '../json';
import { type StructType } from '../schema';
import { type FieldSet } from './field-set';
import { removeItems } from './remove-items';
import { toFieldSet } from './to-field-set';

/**
 * Removes from a merged object what the applier owned, no longer names, and nobody else owns.
 * Mirrors prune of structured-merge-diff.
 */
export function prune(merged: JsonObject, previous: FieldSet, owned: FieldSet, type: StructType): JsonObject {
  if (previous.empty) return merged;
  const last = previous.withNamedFields(type);
  const present = toFieldSet(merged, type).withNamedFields(type);
  const without = (set: FieldSet): JsonObject => {
    const rest = removeItems(merged, set, type, owned);
    return isJsonObject(rest) ? rest : {};
  };
  const cut = without(last);
  // Removing a parent took owned children along: give those back.
  const withOwned = without(present.difference(toFieldSet(cut, type).withNamedFields(type)).difference(owned.withNamedFields(type)));
  // What hung below and was never the applier's comes back too.
  const dropped = present.difference(toFieldSet(withOwned, type).withNamedFields(type)).intersection(last);
  return without(dropped);
}
