export { buildOpenApiV2 } from './build-v2';
export { buildOpenApiV3, openApiHash, openApiV3Index, openApiV3Path } from './build-v3';
export { encodeGnostic, gnosticMediaType, gnosticMediaTypes, type GnosticTable } from './encode-gnostic';
export type { OpenApiInput, OpenApiResource, OpenApiSubresource } from './openapi-input';
