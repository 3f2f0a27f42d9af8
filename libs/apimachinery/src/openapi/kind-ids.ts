import { getMember, isJsonObject } from '../json';
import { type OpenApiInput } from './openapi-input';

/** Finds the id of the definition of a kind, built-in or custom. */
export function kindIds(input: OpenApiInput): (group: string, version: string, kind: string) => string | undefined {
  const ids = new Map<string, string>();
  for (const [id, { gvk = [] }] of Object.entries(input.schema.definitions)) if (gvk !== 'many') for (const kind of gvk) ids.set(kind, id);
  for (const [id, schema] of Object.entries(input.customDefinitions ?? {})) {
    const kinds = getMember(schema, 'x-kubernetes-group-version-kind');
    for (const kind of Array.isArray(kinds) ? kinds : []) {
      if (isJsonObject(kind)) ids.set([kind['group'], kind['version'], kind['kind']].map((part) => (typeof part === 'string' ? part : '')).join('/'), id);
    }
  }
  return (group, version, kind) => ids.get(`${group}/${version}/${kind}`);
}

/** Whether a kind is that of a CustomResourceDefinition: it has no Go type. */
export function isCustom({ customDefinitions = {} }: OpenApiInput, idOf: ReturnType<typeof kindIds>, { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string }): boolean {
  const id = idOf(group, version, kind);
  return id === undefined || customDefinitions[id] !== undefined;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Definitions that operations refer to. */
export const sharedIds = { deleteOptions: `${meta}.DeleteOptions`, patch: `${meta}.Patch`, status: `${meta}.Status`, watchEvent: `${meta}.WatchEvent` } as const;
