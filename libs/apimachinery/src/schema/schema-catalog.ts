import { type JsonValue } from '../json';
import { type ApiTables, type SchemaDefinition, type SchemaNode } from './api-tables';
import { inlinedMessages, messageNameOf } from './message-names';
import { type FieldType, type ScalarKind, type SchemaType, type StructType } from './schema-type';

/** Definitions without declared fields that may hold anything. */
const untyped = new Set([
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
]);

const namedScalars: Readonly<Record<string, ScalarKind>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
};

/** The types of the built-in kinds, compiled from the tables when first asked for. */
export class SchemaCatalog {
  private readonly types = new Map<string, SchemaType>();
  private readonly idsByKind = new Map<string, string>();
  private readonly sharedKinds = new Map<string, string>();

  constructor(private readonly tables: ApiTables) {
    for (const [id, { gvk = [] }] of Object.entries(tables.schema.definitions)) {
      // DeleteOptions and WatchEvent are kinds of every group.
      if (gvk === 'many') this.sharedKinds.set(id.slice(id.lastIndexOf('.') + 1), id);
      else for (const kind of gvk) this.idsByKind.set(kind, id);
    }
  }

  /** The type of a kind; undefined when it is no built-in one. */
  typeOfKind(group: string, version: string, kind: string): StructType | undefined {
    const id = this.idsByKind.get(`${group}/${version}/${kind}`) ?? this.sharedKinds.get(kind);
    return id === undefined ? undefined : this.structOf(id);
  }

  /** The type of a definition with fields, such as `io.k8s.api.core.v1.PodSpec`. */
  structOf(id: string): StructType | undefined {
    const type = this.typeOf(id);
    return type?.kind === 'struct' ? type : undefined;
  }

  /** The type of any definition. */
  typeOf(id: string): SchemaType | undefined {
    const known = this.types.get(id);
    if (known) return known;
    const definition = this.tables.schema.definitions[id];
    if (!definition) return undefined;
    const goType = id.split('.').slice(-2).join('.');
    const scalar = namedScalars[id];
    if (scalar) return this.remember(id, { kind: 'scalar', scalar, goType });
    if (untyped.has(id)) return this.remember(id, { kind: 'any', goType, atomic: id === rawExtension });
    return this.compileStruct(id, definition, goType);
  }

  private remember<T extends SchemaType>(id: string, type: T): T {
    this.types.set(id, type);
    return type;
  }

  private compileStruct(id: string, definition: SchemaDefinition, goType: string): StructType {
    const fields = new Map<string, FieldType>();
    const struct = this.remember(id, {
      kind: 'struct', id, fields, atomic: definition['map-type'] === 'atomic', open: false, goName: id.slice(id.lastIndexOf('.') + 1), goType,
    });
    // Remembered before its fields are compiled: types may hold themselves.
    const shape = this.goShapeOf(id);
    const required = new Set(definition.required);
    for (const name of writingOrder(Object.keys(definition.properties ?? {}))) {
      const node = definition.properties?.[name] ?? {};
      const type = this.compileNode(node, shape.enums.get(name));
      const isWritten = shape.always.has(name) && !shape.explicit.has(name);
      fields.set(name, {
        name,
        type,
        required: required.has(name),
        explicit: shape.explicit.has(name),
        always: shape.always.has(name),
        zero: zeroOf(type, {
          isValue: shape.values.has(name),
          isWritten,
          isRequired: this.tables.goShape.lists[messageNameOf(id)]?.[name] ?? required.has(name),
          isOfCondition: id.endsWith('Condition'),
        }),
        patchStrategy: (node['patch-strategy']?.split(',') ?? []) as FieldType['patchStrategy'],
        patchMergeKey: node['patch-merge-key'],
        keyDefault: scalarOrNothing(this.tables.goShape.defaults[messageNameOf(id)]?.[name]) ?? (isWritten && type.kind === 'scalar' ? zeroKeys[type.scalar] : undefined),
      });
    }
    return struct;
  }

  private goShapeOf(id: string): { explicit: Set<string>; always: Set<string>; values: Set<string>; enums: Map<string, string> } {
    const { goShape } = this.tables;
    const messages = inlinedMessages(this.tables, messageNameOf(id));
    const jsonName = (message: string, field: string): string => goShape.renamed[message]?.[field] ?? field;
    return {
      explicit: new Set(messages.flatMap((message) => (goShape.explicit[message] ?? []).map((field) => jsonName(message, field)))),
      always: new Set(messages.flatMap((message) => (goShape.always[message] ?? []).map((field) => jsonName(message, field)))),
      values: new Set(messages.flatMap((message) => (goShape.values[message] ?? []).map((field) => jsonName(message, field)))),
      enums: new Map(messages.flatMap((message) => Object.entries(goShape.enum[message] ?? {}))),
    };
  }

  private compileNode(node: SchemaNode, enumName?: string): SchemaType {
    if (node.ref !== undefined) {
      const type = this.typeOf(node.ref);
      if (!type) throw new Error(`schema table lacks ${node.ref}`);
      // A field may declare an object atomic that is granular elsewhere, or the other way round.
      return node['map-type'] !== undefined && type.kind === 'struct' ? { ...type, atomic: node['map-type'] === 'atomic' } : type;
    }
    switch (node.type) {
      case 'array': {
        const items = this.compileNode(node.items ?? {});
        return { kind: 'list', items, listType: node['list-type'] ?? 'atomic', keys: node['list-map-keys'] ?? [], goType: `[]${items.goType}` };
      }
      case 'object': {
        const values = this.compileNode(node.map ?? {});
        return { kind: 'map', values, atomic: node['map-type'] === 'atomic', goType: `map[string]${values.goType}` };
      }
      case 'boolean':
        return { kind: 'scalar', scalar: 'boolean', goType: 'bool' };
      case 'integer':
        return node.format === 'int32' ? { kind: 'scalar', scalar: 'int32', goType: 'int32' } : { kind: 'scalar', scalar: 'int64', goType: 'int64' };
      case 'number':
        return { kind: 'scalar', scalar: 'double', goType: 'float64' };
      case 'string':
        if (node.format === 'byte') return { kind: 'scalar', scalar: 'bytes', goType: '[]uint8' };
        return { kind: 'scalar', scalar: 'string', goType: enumName?.split('.').slice(-2).join('.') ?? 'string' };
      default:
        return { kind: 'any', goType: 'interface {}' };
    }
  }
}

interface GoField {
  readonly isValue: boolean;
  readonly isWritten: boolean;
  readonly isRequired: boolean;
  readonly isOfCondition: boolean;
}

/** Nobody's but the whole of it: OpenAPI says nothing of what is in it. */
const rawExtension = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

/** Lists and maps that are required are those without omitempty, and times of conditions are no pointers: null until somebody sets them. */
function zeroOf(type: SchemaType, { isValue, isWritten, isRequired, isOfCondition }: GoField): JsonValue | undefined {
  switch (type.kind) {
    case 'struct':
      return isValue ? {} : undefined;
    case 'list':
    case 'map':
      return isRequired ? null : undefined;
    case 'scalar':
      if (isOfCondition && type.scalar === 'time') return null;
      return isWritten ? zeroScalars[type.scalar] : undefined;
    case 'any':
      return undefined;
  }
}

/** Of fields that are always there upstream's OpenAPI says that their zero is their default. */
const zeroKeys: Readonly<Partial<Record<ScalarKind, number | string>>> = { int32: 0, int64: 0, string: '' };
const zeroScalars: Readonly<Partial<Record<ScalarKind, JsonValue>>> = { boolean: false, double: 0, int32: 0, int64: 0, string: '' };

/** Defaults that refer to constants are of no use as keys. */
function scalarOrNothing(value: unknown): boolean | number | string | undefined {
  if (typeof value === 'string') return value.startsWith('ref(') ? undefined : value;
  return typeof value === 'boolean' || typeof value === 'number' ? value : undefined;
}

/** The order in which fields are written: metadata first (rules of bytes at rest), the rest as the schema has them. */
export function writingOrder(names: readonly string[]): string[] {
  const first = ['apiVersion', 'kind', 'metadata'].filter((name) => names.includes(name));
  return [...first, ...names.filter((name) => !first.includes(name))];
}
