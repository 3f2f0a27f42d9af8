// The shapes of the tables in libs/api/data, which this package is given: it reads no files. libs/api loads them.

/** Type of a property, of an array's items or of a map's values. */
export interface SchemaNode {
  readonly type?: 'array' | 'boolean' | 'integer' | 'number' | 'object' | 'string';
  readonly format?: string;
  /** Id of another definition. */
  readonly ref?: string;
  readonly items?: SchemaNode;
  /** Type of a map's values. */
  readonly map?: SchemaNode;
  readonly 'list-type'?: 'atomic' | 'map' | 'set';
  readonly 'list-map-keys'?: readonly string[];
  readonly 'map-type'?: 'atomic' | 'granular';
  readonly 'patch-strategy'?: string;
  readonly 'patch-merge-key'?: string;
}

/** One API type. */
export interface SchemaDefinition {
  readonly type?: 'object' | 'string';
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly 'map-type'?: 'atomic' | 'granular';
  readonly unions?: readonly SchemaUnion[];
  /** `<group>/<version>/<kind>`, with an empty group for core: `/v1/Pod`; `many` for the kinds of every group. */
  readonly gvk?: readonly string[] | 'many';
}

/** A field that tells which of its siblings is set. */
export interface SchemaUnion {
  readonly discriminator?: string;
  readonly 'fields-to-discriminateBy'?: Readonly<Record<string, string>>;
}

/** Types, formats, list semantics and merge keys: `schema.json`. */
export interface SchemaTable {
  /** By id, such as `io.k8s.api.core.v1.Pod`. */
  readonly definitions: Readonly<Record<string, SchemaDefinition>>;
}

/** Field number, protobuf name, type: `optional string`, `repeated Container`, `map<string,.full.Name>`. */
export type ProtobufField = readonly [number: number, name: string, type: string];

/** Wire format: `protobuf.json`. */
export interface ProtobufTable {
  /** By full message name, such as `k8s.io.api.core.v1.Pod`. */
  readonly messages: Readonly<Record<string, readonly ProtobufField[]>>;
}

/** How Go's structs turn wire format into JSON: `go-shape.json`. All keys are full message names. */
export interface GoShapeTable {
  /** Scalars that are pointers: zero and absent differ. */
  readonly explicit: Readonly<Record<string, readonly string[]>>;
  /** Sub-messages whose fields stand directly in the parent. */
  readonly inline: Readonly<Record<string, readonly string[]>>;
  /** Protobuf name to JSON name. */
  readonly renamed: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Fields written even when zero. */
  readonly always: Readonly<Record<string, readonly string[]>>;
  /** Structs that are no pointers: written even when empty. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Lists and maps about which OpenAPI and Go disagree: whether Go writes them, as null, though nobody has set them. */
  readonly lists: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  /** Defaults declared by markers; an associative list needs those of its keys. */
  readonly defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Field to the full name of its named string type. */
  readonly enum: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The values of such a type. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
  /** Messages that the protobuf table lacks. */
  readonly messages: Readonly<Record<string, readonly ProtobufField[]>>;
}

/** All that is known of the built-in API types. */
export interface ApiTables {
  readonly schema: SchemaTable;
  readonly protobuf: ProtobufTable;
  readonly goShape: GoShapeTable;
}
