import { cloneJson, getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from '../json';
import { type ListType, type SchemaType } from '../schema';
import { itemElements, type PathElement } from './path-element';
import { allNames, isEmptyContainer, shapeOf } from './shape-of';

/** Lays a configuration over a live value: its leaves win, the rest stays. Neither argument is changed. */
export function mergeTyped(live: JsonValue | undefined, config: JsonValue | undefined, type: SchemaType): JsonValue {
  if (config === undefined) return cloneJson(live ?? null);
  if (live === undefined) return cloneJson(config);
  // A null has no members that could win, and takes none away.
  if (config === null) return hasContents(live, type) ? cloneJson(live) : null;
  const shape = shapeOf(type, config);
  if (shape.kind === 'members' && isJsonObject(live) && isJsonObject(config)) {
    const merged: JsonObject = {};
    for (const name of allNames(live, config)) setMember(merged, name, mergeTyped(getMember(live, name), getMember(config, name), shape.typeOf(name)));
    return merged;
  }
  if (shape.kind === 'items' && Array.isArray(live) && Array.isArray(config)) return mergeItems(live, config, shape.type);
  return cloneJson(config);
}

function hasContents(value: JsonValue, type: SchemaType): boolean {
  return shapeOf(type, value).kind !== 'leaf' && !isEmptyContainer(value);
}

/**
 * The live list's order, but what both have stands in the configuration's order, and what is new follows
 * its neighbour there. Mirrors mergeListItems of structured-merge-diff.
 */
function mergeItems(live: JsonValue[], config: JsonValue[], type: ListType): JsonValue[] {
  const liveElements = itemElements(live, type);
  const configElements = itemElements(config, type);
  const inLive = firstPositions(liveElements);
  const inConfig = firstPositions(configElements);
  const shared = configElements.filter((element) => inLive.has(element));
  let nextShared = shared.shift();
  const done = new Set<PathElement>();
  const result: JsonValue[] = [];

  const takeConfig = (element: PathElement): void => {
    const twin = inLive.get(element);
    result.push(mergeTyped(twin === undefined ? undefined : live[twin], config[inConfig.get(element) ?? -1], type.items));
    done.add(element);
  };
  for (let l = 0, c = 0; l < live.length || c < config.length;) {
    const liveElement = liveElements[l];
    const configElement = configElements[c];
    if (liveElement !== undefined && configElement !== undefined) {
      if (liveElement === configElement) {
        takeConfig(configElement);
        l++;
        c++;
        nextShared = shared.shift();
        continue;
      }
      if (inConfig.has(liveElement) && nextShared !== undefined && nextShared !== liveElement) {
        l++;
        continue;
      }
    }
    if (liveElement !== undefined) {
      if (!inConfig.has(liveElement)) {
        result.push(cloneJson(live[l] ?? null));
        l++;
        continue;
      }
      if (done.has(liveElement)) l++;
    }
    if (configElement !== undefined) {
      if (!done.has(configElement)) takeConfig(configElement);
      c++;
      if (nextShared === configElement) nextShared = shared.shift();
    }
  }
  return result;
}

function firstPositions(elements: readonly PathElement[]): Map<PathElement, number> {
  const positions = new Map<PathElement, number>();
  elements.forEach((element, i) => {
    if (!positions.has(element)) positions.set(element, i);
  });
  return positions;
}
