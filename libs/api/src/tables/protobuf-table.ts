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
/** OpenAPI v2 in protobuf, as old kubectl reads it. Its fields carry `oneof` as a fourth element where they are alternatives. */
export const openapiV2ProtobufTable = dataFile<{
  readonly source: string;
  readonly messages: Readonly<Record<string, readonly (readonly [number, string, string, string?])[]>>;
}>('openapi-v2-gnostic');
