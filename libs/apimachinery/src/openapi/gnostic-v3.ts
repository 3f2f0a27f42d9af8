import type { JsonObject, JsonValue } from '../json';
import { encodeGnostic, has, type GnosticDialect, type GnosticTable } from './encode-gnostic';

/** What such a document is served as. */
export const openApiV3MediaType = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';

/** What clients ask for: client-go with an at sign, which no Content-Type may hold. */
export const openApiV3MediaTypes: readonly string[] = [openApiV3MediaType, 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'];

/** Writes an OpenAPI v3 document as client-go's `openapi3` reads it. */
export const encodeOpenApiV3 = (document: JsonObject, table: GnosticTable): Buffer => encodeGnostic(document, table, dialect);

const dialect: GnosticDialect = {
  package: 'openapi.v3',
  gathering: {
    additional_properties: () => true,
    path: (name) => name.startsWith('/'),
    response_or_reference: (name) => /^[\dX]{3}$/.test(name),
    specification_extension: (name) => name.startsWith('x-'),
  },
  alternative,
};

/** Each `XOrReference` is its X, in snake case, unless it refers to one. */
function alternative(message: string, value: JsonValue): string | undefined {
  const [, what] = /^(\w+)OrReference$/.exec(message) ?? [];
  if (what !== undefined) return has(value, '$ref') ? 'reference' : what.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase();
  if (message === 'AdditionalPropertiesItem') return typeof value === 'boolean' ? 'boolean' : 'schema_or_reference';
  // There is no room for a default that is an object or a list: gnostic leaves it empty.
  if (message === 'DefaultType') return typeof value;
  return undefined;
}
