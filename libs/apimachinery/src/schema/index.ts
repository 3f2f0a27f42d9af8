export type { ApiTables, GoShapeTable, ProtobufField, ProtobufTable, SchemaDefinition, SchemaNode, SchemaTable, SchemaUnion } from './api-tables';
export { customType, type CustomKind } from './custom-type';
export { SchemaCatalog } from './schema-catalog';
export { anyType, type AnyType, type FieldType, type ListType, type MapType, type ScalarKind, type ScalarType, type SchemaType, type StructType } from './schema-type';
