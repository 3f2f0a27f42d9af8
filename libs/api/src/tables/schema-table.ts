import { dataFile } from './data-file';

/** Type of a property, of an array's items or of a map's values. */
export interface SchemaNode {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  /** Id of another definition. */
  readonly ref?: string;
  readonly items?: SchemaNode;
  /** Type of a map's values. */
  readonly map?: SchemaNode;
  readonly 'list-type'?: 'atomic' | 'set' | 'map';
  readonly 'list-map-keys'?: readonly string[];
  readonly 'map-type'?: 'atomic' | 'granular';
  readonly 'patch-strategy'?: string;
  readonly 'patch-merge-key'?: string;
}

/** A field that tells which of its siblings is set. */
export interface SchemaUnion {
  readonly discriminator?: string;
  readonly 'fields-to-discriminateBy'?: Readonly<Record<string, string>>;
}

export interface SchemaDefinition {
  readonly type?: 'string' | 'object';
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly 'map-type'?: 'atomic' | 'granular';
  readonly unions?: readonly SchemaUnion[];
  /** `<group>/<version>/<kind>`, with an empty group for core: `/v1/Pod`. */
  readonly gvk?: readonly string[];
}

export interface SchemaTable {
  readonly source: string;
  /** By id, such as `io.k8s.api.core.v1.Pod`. */
  readonly definitions: Readonly<Record<string, SchemaDefinition>>;
}

/** Types, formats, list semantics and merge keys of every built-in API type. */
export const schemaTable = dataFile<SchemaTable>('schema');

let idsByKind: ReadonlyMap<string, string> | undefined;

/** Id of the definition of a kind, or undefined when there is no such built-in kind. */
export function schemaIdOf(group: string, version: string, kind: string): string | undefined {
  if (idsByKind === undefined) {
    const ids = new Map<string, string>();
    for (const [id, definition] of Object.entries(schemaTable().definitions)) for (const gvk of definition.gvk ?? []) ids.set(gvk, id);
    idsByKind = ids;
  }
  return idsByKind.get(`${group}/${version}/${kind}`);
}
