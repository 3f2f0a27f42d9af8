import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { encodeGnostic, has, type GnosticDialect, type GnosticTable } from './encode-gnostic';

/** What such a document is served as. */
export const openApiV2MediaType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** What clients ask for: old ones with an at sign, which no Content-Type may hold. */
export const openApiV2MediaTypes: readonly string[] = [openApiV2MediaType, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'];

/** Writes an OpenAPI v2 document as kubectl before 1.27 reads it. */
export const encodeOpenApiV2 = (document: JsonObject, table: GnosticTable): Buffer => encodeGnostic(document, table, dialect);

const dialect: GnosticDialect = {
  package: 'openapi.v2',
  gathering: {
    additional_properties: () => true,
    path: (name) => name.startsWith('/'),
    response_code: (name) => /^(?:\d{3}|default)$/.test(name),
    vendor_extension: (name) => name.startsWith('x-'),
  },
  alternative,
};

function alternative(message: string, value: JsonValue): string | undefined {
  const where = isJsonObject(value) ? getMember(value, 'in') : undefined;
  switch (message) {
    case 'AdditionalPropertiesItem':
      return typeof value === 'boolean' ? 'boolean' : 'schema';
    case 'NonBodyParameter':
      return where === 'path'
        ? 'path_parameter_sub_schema'
        : where === 'header'
          ? 'header_parameter_sub_schema'
          : where === 'formData'
            ? 'form_data_parameter_sub_schema'
            : 'query_parameter_sub_schema';
    case 'Parameter':
      return where === 'body' ? 'body_parameter' : 'non_body_parameter';
    case 'ParametersItem':
      return has(value, '$ref') ? 'json_reference' : 'parameter';
    case 'ResponseValue':
      return has(value, '$ref') ? 'json_reference' : 'response';
    case 'SchemaItem':
      return isJsonObject(value) && value['type'] === 'file' ? 'file_schema' : 'schema';
    case 'SecurityDefinitionsItem':
      return isJsonObject(value) && value['type'] === 'basic' ? 'basic_authentication_security' : 'api_key_security';
    default:
      return undefined;
  }
}
