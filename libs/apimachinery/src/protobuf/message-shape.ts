import { fieldsOfMessage, resolveMessageName } from '../schema/message-names';
import { type ApiTables } from '../schema';

/** Scalars of the wire. */
export type WireScalar = 'bool' | 'bytes' | 'double' | 'int32' | 'int64' | 'string';

/** One field of a message, and what becomes of it in JSON. */
export interface FieldShape {
  readonly number: number;
  /** Name in JSON. */
  readonly name: string;
  readonly label: 'map' | 'repeated' | 'single';
  /** The scalar, or the full name of the message; of a map's values where it is a map. */
  readonly scalar: WireScalar | undefined;
  readonly message: string | undefined;
  /** Its fields stand in the parent. */
  readonly inline: boolean;
  /** Kept when zero: a pointer in Go, or a field without omitempty. */
  readonly keepZero: boolean;
}

/** The fields of one message. */
export interface MessageShape {
  readonly name: string;
  readonly byNumber: ReadonlyMap<number, FieldShape>;
  /** In the order of their numbers, as they are written. */
  readonly fields: readonly FieldShape[];
}

const scalars = new Set<string>(['bool', 'bytes', 'double', 'int32', 'int64', 'string']);

/** Shapes of messages, compiled from the tables when first asked for. */
export class MessageShapes {
  private readonly shapes = new Map<string, MessageShape>();

  constructor(private readonly tables: Pick<ApiTables, 'goShape' | 'protobuf'>) {}

  /** Undefined for a message that the tables lack. */
  get(name: string): MessageShape | undefined {
    const known = this.shapes.get(name);
    if (known) return known;
    const raw = fieldsOfMessage(this.tables, name);
    if (!raw) return undefined;
    const fields = raw.map(([number, field, type]) => this.compile(name, number, field, type)).sort((a, b) => a.number - b.number);
    const shape: MessageShape = { name, fields, byNumber: new Map(fields.map((field) => [field.number, field])) };
    this.shapes.set(name, shape);
    return shape;
  }

  private compile(message: string, number: number, field: string, type: string): FieldShape {
    const { goShape } = this.tables;
    const map = /^map<string,\s*(.+)>$/.exec(type);
    const [, label = 'optional', element = type] = /^(optional|repeated) (.+)$/.exec(type) ?? [];
    const target = map?.[1] ?? element;
    const name = goShape.renamed[message]?.[field] ?? field;
    // The table names renamed fields now by the one name, now by the other.
    const kept = [...(goShape.explicit[message] ?? []), ...(goShape.always[message] ?? [])];
    return {
      number,
      name,
      label: map ? 'map' : label === 'repeated' ? 'repeated' : 'single',
      scalar: scalars.has(target) ? (target as WireScalar) : undefined,
      message: scalars.has(target) ? undefined : resolveMessageName(target, message),
      inline: (goShape.inline[message] ?? []).includes(field),
      keepZero: kept.includes(field) || kept.includes(name),
    };
  }
}
