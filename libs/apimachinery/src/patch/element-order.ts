import { getMember, isJsonObject, plainText, type JsonValue } from '../json';

/**
 * Orders a merged list: what the patch names stands in the patch's order, what only the server has in the server's,
 * and the two are woven by the server's order where it knows both.
 */
export function mergeOrder(merged: readonly JsonValue[], patchOrder: readonly JsonValue[], serverOrder: readonly JsonValue[], mergeKey: string | undefined): JsonValue[] {
  const key = (item: JsonValue): string => (mergeKey !== undefined && isJsonObject(item) ? plainText(getMember(item, mergeKey)) : plainText(item));
  const inPatch = positionsOf(patchOrder, key);
  const onServer = positionsOf(serverOrder, key);
  const sorted = (items: JsonValue[], positions: ReadonlyMap<string, number>): JsonValue[] =>
    items.sort((a, b) => (positions.get(key(a)) ?? Infinity) - (positions.get(key(b)) ?? Infinity) || 0);
  const patched = sorted(merged.filter((item) => inPatch.has(key(item))), inPatch);
  const serverOnly = sorted(merged.filter((item) => !inPatch.has(key(item))), onServer);

  const result: JsonValue[] = [];
  let left = 0;
  for (const item of patched) {
    for (const position = onServer.get(key(item)); left < serverOnly.length; left++) {
      const candidate = serverOnly[left] ?? null;
      const before = onServer.get(key(candidate));
      if (position === undefined || before === undefined || before > position) break;
      result.push(candidate);
    }
    result.push(item);
  }
  return [...result, ...serverOnly.slice(left)];
}

function positionsOf(items: readonly JsonValue[], key: (item: JsonValue) => string): Map<string, number> {
  const positions = new Map<string, number>();
  items.forEach((item, i) => {
    if (!positions.has(key(item))) positions.set(key(item), i);
  });
  return positions;
}
