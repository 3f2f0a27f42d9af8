import { type JsonValue } from '../json';

/** What a JSON value may be. Built-in types come from tables, those of custom resources from their CRDs. */
export type SchemaType = AnyType | ListType | MapType | ScalarType | StructType;

/** The scalars of the API; the last five have a text form of their own. */
export type ScalarKind = 'boolean' | 'bytes' | 'double' | 'int32' | 'int64' | 'intOrString' | 'microTime' | 'quantity' | 'string' | 'time';

export interface ScalarType {
  readonly kind: 'scalar';
  readonly scalar: ScalarKind;
  /** Go's name of the type, as error messages show it. */
  readonly goType: string;
}

export interface ListType {
  readonly kind: 'list';
  readonly items: SchemaType;
  /** `atomic` is replaced whole, `set` holds a value once, `map` is keyed by `keys`. */
  readonly listType: 'atomic' | 'map' | 'set';
  readonly keys: readonly string[];
  readonly goType: string;
}

export interface MapType {
  readonly kind: 'map';
  readonly values: SchemaType;
  /** Replaced whole by server-side apply. */
  readonly atomic: boolean;
  readonly goType: string;
}

/** A value whose shape nobody declares: RawExtension, FieldsV1, JSON. */
export interface AnyType {
  readonly kind: 'any';
  readonly goType: string;
  /** Replaced whole by server-side apply; else objects in it are merged by member. */
  readonly atomic?: boolean;
}

/** Which fields an object has. */
export interface StructType {
  readonly kind: 'struct';
  /** Id of the definition, or the name of the custom kind. */
  readonly id: string;
  /** In the order in which they are written. */
  readonly fields: ReadonlyMap<string, FieldType>;
  /** Replaced whole by server-side apply. */
  readonly atomic: boolean;
  /** Whether unknown fields stay: x-kubernetes-preserve-unknown-fields. */
  readonly open: boolean;
  /** Go's name without the package, as in "Go struct field PodSpec.spec.nodeName". */
  readonly goName: string;
  readonly goType: string;
}

export interface FieldType {
  readonly name: string;
  readonly type: SchemaType;
  readonly required: boolean;
  /** A pointer in Go: its zero value is kept. */
  readonly explicit: boolean;
  /** Written by Go even when zero. */
  readonly always: boolean;
  /** What the field is in Go wherever its struct is, if nobody has set it; undefined of what is then not there, as all of custom kinds. */
  readonly zero: JsonValue | undefined;
  /** Strategic merge patch: lists are merged by `patchMergeKey`, objects of `retainKeys` drop what the patch does not name. */
  readonly patchStrategy: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey: string | undefined;
  /** Stands for the field where a list is keyed by it: a port's protocol is TCP. */
  readonly keyDefault: boolean | number | string | undefined;
}

/** The type of values about which nothing is known. */
export const anyType: AnyType = { kind: 'any', goType: 'interface {}' };
