import { dataFile } from './data-file';

/** Field number, protobuf name, type: `optional string`, `repeated Container`, `map<string, string>`, `.full.Name`. */
export type ProtobufField = readonly [number: number, name: string, type: string];

export interface ProtobufTable {
  readonly source: string;
  /** By full message name, such as `k8s.io.api.core.v1.Pod`. */
  readonly messages: Readonly<Record<string, readonly ProtobufField[]>>;
}

/** Wire format of every built-in API type. */
export const protobufTable = dataFile<ProtobufTable>('protobuf');

/** OpenAPI in protobuf. Fields carry `oneof` as a fourth element where they are alternatives. */
export interface OpenApiProtobufTable {
  readonly source: string;
  readonly messages: Readonly<Record<string, readonly (readonly [number, string, string, string?])[]>>;
}

/** As old kubectl reads it. */
export const openapiV2ProtobufTable = dataFile<OpenApiProtobufTable>('openapi-v2-gnostic');
export const openapiV3ProtobufTable = dataFile<OpenApiProtobufTable>('openapi-v3-gnostic');
