export { fieldDocs } from './field-docs';
export { type GoShapeTable, goShapeTable } from './go-shape-table';
export { openapiV2ProtobufTable, openapiV3ProtobufTable, type OpenApiProtobufTable, type ProtobufField, type ProtobufTable, protobufTable } from './protobuf-table';
export { type PublishedBody, publishedBodyOf } from './published-body';
export { allResources, type ResourceFacts, resourceFacts, type SubresourceFacts } from './resource-table';
export { type SchemaDefinition, schemaIdOf, type SchemaNode, type SchemaTable, schemaTable, type SchemaUnion } from './schema-table';
