import { isJsonObject, type JsonObject, type JsonValue, renameReferences } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';

const PREFIX = '#/definitions/';

function referencesIn(value: JsonValue | undefined, into: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) referencesIn(one, into);
  else if (isJsonObject(value)) for (const [key, one] of Object.entries(value)) {
    if (key === '$ref' && typeof one === 'string' && one.startsWith(PREFIX)) into.add(one.slice(PREFIX.length));
    else referencesIn(one, into);
  }
}

const objectAt = (document: JsonObject, field: string): JsonObject => {
  const found = document[field];
  return isJsonObject(found) ? found : {};
};

/** The definitions that paths need, and those that these need. */
function needed(paths: JsonObject, definitions: JsonObject): Set<string> {
  const found = new Set<string>();
  const open = new Set<string>();
  referencesIn(paths, open);
  for (const name of open) {
    if (found.has(name)) continue;
    found.add(name);
    referencesIn(definitions[name], open);
  }
  return found;
}

/**
 * A Swagger document with the paths that another server serves of a group and version, and the definitions they need; a definition
 * that is another one here gets a name of its own there. Neither document is changed. As upstream's aggregator merges them.
 */
export function mergeOpenApiV2(own: JsonObject, other: JsonObject, groupVersion: string): JsonObject {
  const root = `/apis/${groupVersion}`;
  const taken = objectAt(own, 'paths');
  const paths = Object.fromEntries(Object.entries(objectAt(other, 'paths')).filter(([path]) => (path === root || path.startsWith(`${root}/`)) && taken[path] === undefined));
  const [mine, theirs] = [objectAt(own, 'definitions'), objectAt(other, 'definitions')];
  const names = new Map<string, string>();
  const wanted = [...needed(paths, theirs)].filter((name) => theirs[name] !== undefined);
  for (const name of wanted) {
    if (mine[name] === undefined || isDeepStrictEqual(mine[name], theirs[name])) continue;
    let suffix = 2;
    while (mine[`${name}_v${suffix}`] !== undefined) suffix++;
    names.set(name, `${name}_v${suffix}`);
  }
  const definitions = Object.fromEntries(wanted.map((name) => [names.get(name) ?? name, renameReferences(theirs[name] ?? null, PREFIX, names)]));
  return { ...own, paths: { ...taken, ...(renameReferences(paths, PREFIX, names) as JsonObject) }, definitions: { ...mine, ...definitions } };
}
