export { buildOpenApiV2 } from './build-v2';
export { buildOpenApiV3, openApiHash, openApiV3Discovery, openApiV3Index, openApiV3Path } from './build-v3';
export { defaultValues } from './default-values';
export { enumValues } from './enum-values';
export type { GnosticTable } from './encode-gnostic';
export { encodeOpenApiV2, openApiV2MediaType, openApiV2MediaTypes } from './gnostic-v2';
export { encodeOpenApiV3, openApiV3MediaType, openApiV3MediaTypes } from './gnostic-v3';
export type { OpenApiInput, OpenApiResource, OpenApiSubresource } from './openapi-input';
export { renameReferences } from './rename-references';
