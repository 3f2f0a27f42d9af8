export type ScalarName = 'bool' | 'bytes' | 'double' | 'duration' | 'dyn' | 'error' | 'int' | 'null' | 'string' | 'timestamp' | 'uint';

/** The type of an expression. `maxSize` bounds strings, lists and maps where a schema does: it is what cost estimates rest on. */
export type CelType = ScalarType | ListType | MapType | ObjectType | OptionalType | OpaqueType | TypeType | ParamType;

export interface ScalarType {
  readonly kind: ScalarName;
  readonly maxSize?: number;
}

export interface ListType {
  readonly kind: 'list';
  readonly items: CelType;
  readonly maxSize?: number;
}

export interface MapType {
  readonly kind: 'map';
  readonly key: CelType;
  readonly value: CelType;
  readonly maxSize?: number;
}

/** Declared fields, under their escaped names. */
export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  readonly maxSize?: number;
  /** Undefined: the field is none of the type's. */
  field(name: string): CelType | undefined;
}

export interface OptionalType {
  readonly kind: 'optional';
  readonly of: CelType;
}

/** A type that only functions know to handle: `kubernetes.Quantity`. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly name: string;
}

/** The type of a type. */
export interface TypeType {
  readonly kind: 'type';
  readonly of: CelType;
}

/** `A` in `list<A>`. */
export interface ParamType {
  readonly kind: 'param';
  readonly name: string;
}

const scalar = (kind: ScalarName): ScalarType => ({ kind });

export const types = {
  bool: scalar('bool'), bytes: scalar('bytes'), double: scalar('double'), duration: scalar('duration'), dyn: scalar('dyn'), error: scalar('error'), int: scalar('int'),
  null: scalar('null'), string: scalar('string'), timestamp: scalar('timestamp'), uint: scalar('uint'),
  list: (items: CelType, maxSize?: number): ListType => ({ kind: 'list', items, ...(maxSize === undefined ? {} : { maxSize }) }),
  map: (key: CelType, value: CelType, maxSize?: number): MapType => ({ kind: 'map', key, value, ...(maxSize === undefined ? {} : { maxSize }) }),
  optional: (of: CelType): OptionalType => ({ kind: 'optional', of }),
  opaque: (name: string): OpaqueType => ({ kind: 'opaque', name }),
  type: (of: CelType): TypeType => ({ kind: 'type', of }),
  object: (name: string, fields: Readonly<Record<string, CelType>>): ObjectType => ({ kind: 'object', name, field: (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined) }),
} as const;

/** As upstream's messages print it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.items)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    case 'optional':
      return `optional_type(${formatType(type.of)})`;
    case 'type':
      return `type(${formatType(type.of)})`;
    case 'error':
      return '!error!';
    default:
      return type.kind;
  }
}
