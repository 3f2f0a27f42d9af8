import { badRequest } from '../errors';
import { cloneJson, exactJsonText, getMember, isJsonObject, plainText, setMember, shallowCopy, type JsonObject, type JsonValue } from '../json';
import { type SchemaType, type StructType } from '../schema';
import { mergeOrder } from './element-order';
import { notAPatch } from './not-a-patch';
import { patchFailed } from './patch-error';
import { applyRetainKeys, badPatchType, deleteFromListPrefix, elementOrderPrefix, noMergeKey, patchMarker, takeDirective, withoutDirectives } from './strategic-directives';

// Mirrors staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go.

/**
 * Applies a strategic merge patch: lists that the type says so are merged by their key, directives are obeyed.
 * Neither argument is changed; what the patch leaves alone is shared with the document.
 * @throws ApiError
 */
export function applyStrategicMergePatch(document: JsonObject, patch: JsonValue, type: StructType): JsonObject {
  // Nothing to change.
  if (patch === null) return cloneJson(document);
  if (!isJsonObject(patch)) throw notAPatch(patch, 'map[string]interface {}');
  return mergeObjects(document, cloneJson(patch), type);
}

/** How a field of an object is merged. */
interface FieldRule {
  /** Type of the field, or of the items where it is a list. */
  readonly type: SchemaType | undefined;
  readonly merge: boolean;
  readonly replace: boolean;
  readonly mergeKey: string | undefined;
}

function ruleOf(parent: SchemaType | undefined, name: string): FieldRule {
  if (parent?.kind === 'map') return { type: itemType(parent.values), merge: false, replace: false, mergeKey: undefined };
  const field = parent?.kind === 'struct' ? parent.fields.get(name) : undefined;
  const strategies = field?.patchStrategy ?? [];
  return { type: field && itemType(field.type), merge: strategies.includes('merge'), replace: strategies.includes('replace'), mergeKey: field?.patchMergeKey };
}

const itemType = (type: SchemaType): SchemaType => (type.kind === 'list' ? type.items : type);

/** Takes the patch over. */
function mergeObjects(present: JsonObject, patch: JsonObject, type: SchemaType | undefined): JsonObject {
  const directive = takeDirective(patch, patchMarker);
  if (directive === 'replace') return patch;
  if (directive === 'delete') return {};
  if (directive !== undefined) throw badPatchType(directive, { ...patch, [patchMarker]: directive });
  const original = shallowCopy(present);
  applyRetainKeys(original, patch);
  applyElementOrders(original, patch, type);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteFromListPrefix)) deleteFromList(original, key.slice(deleteFromListPrefix.length), value);
    else mergeMember(original, key, value, type);
  }
  return original;
}

function mergeMember(original: JsonObject, name: string, value: JsonValue, type: SchemaType | undefined): void {
  if (value === null) {
    delete original[name];
    return;
  }
  const present = getMember(original, name);
  const rule = ruleOf(type, name);
  if (isJsonObject(present) && isJsonObject(value) && !rule.replace) {
    setMember(original, name, mergeObjects(present, value, rule.type));
  } else if (Array.isArray(present) && Array.isArray(value) && rule.merge) {
    setMember(original, name, mergeLists(present, value, rule));
  } else {
    const kept = withoutDirectives(value);
    if (kept === undefined) delete original[name];
    else setMember(original, name, kept);
  }
}

function deleteFromList(original: JsonObject, name: string, values: JsonValue): void {
  if (!Array.isArray(values)) throw badRequest('invalid patch format of primitive list');
  const present = getMember(original, name);
  const gone = new Set(values);
  if (Array.isArray(present)) setMember(original, name, present.filter((item) => !gone.has(item)));
}

/** `$setElementOrder/<list>` tells the order of the result, whether or not the patch changes the list. */
function applyElementOrders(original: JsonObject, patch: JsonObject, type: SchemaType | undefined): void {
  for (const key of Object.keys(patch).filter((name) => name.startsWith(elementOrderPrefix))) {
    const order = takeDirective(patch, key);
    const name = key.slice(elementOrderPrefix.length);
    const rule = ruleOf(type, name);
    if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
    const present = getMember(original, name);
    const change = getMember(patch, name);
    checkOrder(change, order, rule.mergeKey);
    // A list whose deletions are in a directive of their own loses them first.
    const deletions = takeDirective(patch, deleteFromListPrefix + name);
    if (deletions !== undefined) deleteFromList(original, name, deletions);
    const reduced = getMember(original, name);
    const before = Array.isArray(reduced) ? reduced : [];
    if (!Array.isArray(present) && !Array.isArray(change)) continue;
    const merged = Array.isArray(change)
      ? Array.isArray(present) ? mergeLists(before, change, rule) : ((withoutDirectives(change) ?? []) as JsonValue[])
      : before;
    setMember(original, name, mergeOrder(merged, order, Array.isArray(present) ? present : [], rule.mergeKey));
    delete patch[name];
  }
}

/** The order must name what the patch changes, in the same order. */
function checkOrder(change: JsonValue | undefined, order: readonly JsonValue[], mergeKey: string | undefined): void {
  if (!Array.isArray(change)) return;
  const key = (item: JsonValue): JsonValue | undefined => (mergeKey !== undefined && isJsonObject(item) ? getMember(item, mergeKey) : item);
  const positions = order.map(key);
  let from = 0;
  for (const item of change) {
    if (isJsonObject(item) && getMember(item, patchMarker) !== undefined) continue;
    const at = positions.indexOf(key(item), from);
    if (at < 0) throw patchFailed(`The order in patch list:\n${exactJsonText(change)}\n doesn't match $setElementOrder list:\n${exactJsonText(order)}\n`);
    from = at + 1;
  }
}

function mergeLists(original: JsonValue[], patch: JsonValue[], { type, mergeKey }: FieldRule): JsonValue[] {
  const first = original[0] ?? patch[0];
  if (first === undefined) return original;
  if (Array.isArray(first)) throw patchFailed('lists of lists are not supported');
  if (!isJsonObject(first)) return mergeOrder([...new Set([...original, ...patch])], patch, original, undefined);
  if (mergeKey === undefined) throw patchFailed(`cannot merge lists without merge key for ${type?.goType ?? 'field'}`);
  // Keys are compared as Go's %v prints them: 80 and "80" are the same. By them, so that long lists take no longer than they are.
  const keyOf = (item: JsonValue): string | undefined => (isJsonObject(item) ? plainText(getMember(item, mergeKey)) : undefined);
  const changes: JsonObject[] = [];
  const deleted = new Set<string | undefined>();
  let replace = false;
  for (const item of patch) {
    if (!isJsonObject(item)) throw patchFailed('list element types are not identical');
    const directive = getMember(item, patchMarker);
    if (directive === undefined) changes.push(item);
    else if (directive === 'replace') replace = true;
    else if (directive === 'delete') {
      const value = getMember(item, mergeKey);
      if (value === undefined) throw noMergeKey(item, mergeKey);
      deleted.add(plainText(value));
    } else if (directive === 'merge') throw patchFailed('merging lists cannot yet be specified in the patch');
    else throw badPatchType(directive, item);
  }
  if (replace) return changes;
  const result = original.filter((each) => !deleted.has(keyOf(each)));
  const places = new Map<string | undefined, number>();
  const place = (item: JsonValue, at: number): void => {
    if (!places.has(keyOf(item))) places.set(keyOf(item), at);
  };
  result.forEach(place);
  for (const change of changes) {
    const value = getMember(change, mergeKey);
    if (value === undefined) throw noMergeKey(change, mergeKey);
    const at = places.get(plainText(value)) ?? result.length;
    const found = result[at];
    result[at] = isJsonObject(found) ? mergeObjects(found, shallowCopy(change), type) : withoutDirectives(change) ?? {};
    place(result[at] ?? null, at);
  }
  return mergeOrder(result, changes, original, mergeKey);
}
