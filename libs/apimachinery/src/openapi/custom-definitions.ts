import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { schemaReference, type OpenApiInput } from './openapi-input';
import { renameReferences } from './rename-references';

/**
 * What the document of one group and version is made of: custom kinds of others stay out of it, as they may be called as what is
 * built in (the Pod of a group `core.api.k8s.io` as that of the core).
 */
export function withCustomOf(input: OpenApiInput, group: string, version: string): OpenApiInput {
  const isOf = (kind: JsonValue): boolean => isJsonObject(kind) && kind['group'] === group && kind['version'] === version;
  const own = Object.entries(input.customDefinitions ?? {}).filter(([, schema]) => kindsOf(schema).some(isOf));
  return { ...input, customDefinitions: Object.fromEntries(own) };
}

/** What the document of all groups is made of: there, a custom kind that is called as what is built in gets another name, as upstream's aggregator names it. */
export function withCustomRenamed(input: OpenApiInput): OpenApiInput {
  const { schema: { definitions }, customDefinitions: custom = {} } = input;
  const names = new Map<string, string>();
  for (const id of Object.keys(custom)) {
    if (!Object.hasOwn(definitions, id)) continue;
    let suffix = 2;
    while (Object.hasOwn(custom, `${id}_v${suffix}`)) suffix++;
    names.set(id, `${id}_v${suffix}`);
  }
  if (names.size === 0) return input;
  const renamed = Object.entries(custom).map(([id, schema]) => [names.get(id) ?? id, renameReferences(schema, schemaReference('', 'v3'), names)]);
  return { ...input, customDefinitions: Object.fromEntries(renamed) as Record<string, JsonObject> };
}

function kindsOf(schema: JsonObject): readonly JsonValue[] {
  const kinds = getMember(schema, 'x-kubernetes-group-version-kind');
  return Array.isArray(kinds) ? kinds : [];
}
