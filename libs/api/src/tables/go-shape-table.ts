import { dataFile } from './data-file';
import type { ProtobufField } from './protobuf-table';

type ByMessage<T> = Readonly<Record<string, T>>;

/** What the wire format and the schema leave open when protobuf becomes JSON. All keys are full protobuf message names. */
export interface GoShapeTable {
  readonly source: string;
  readonly notes: Readonly<Record<string, string>>;
  /** Scalars whose zero value means something: every other zero scalar is dropped. */
  readonly explicit: ByMessage<readonly string[]>;
  /** Sub-messages whose fields stand directly in the parent. */
  readonly inline: ByMessage<readonly string[]>;
  /** Protobuf name to JSON name; `-` for fields that never stand in JSON under a name. */
  readonly renamed: ByMessage<Readonly<Record<string, string>>>;
  /** Fields written even when zero. */
  readonly always: ByMessage<readonly string[]>;
  /** Structs that are no pointers: written even when empty. */
  readonly values: ByMessage<readonly string[]>;
  /** Lists and maps about which OpenAPI and Go disagree: whether Go writes them, as null, though nobody has set them. */
  readonly lists: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  /** Defaults declared by markers; the others are functions, see `defaultsFor`. */
  readonly defaults: ByMessage<Readonly<Record<string, unknown>>>;
  /** Field to enum type. */
  readonly enum: ByMessage<Readonly<Record<string, string>>>;
  /** Enum type to its values. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
  /** Messages that the protobuf table lacks. */
  readonly messages: ByMessage<readonly ProtobufField[]>;
}

/** How protobuf becomes JSON. */
export const goShapeTable = dataFile<GoShapeTable>('go-shape');
