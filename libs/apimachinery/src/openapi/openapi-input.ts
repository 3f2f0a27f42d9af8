import { type JsonObject, type JsonValue } from '../json';
import { type SchemaTable } from '../schema';

/** A resource, as far as its paths depend on it; `ResourceFacts` of libs/api has this shape. */
export interface OpenApiResource {
  /** Empty for core. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly OpenApiSubresource[];
}

/** `status`, `scale`, `log` ... of a resource. */
export interface OpenApiSubresource {
  readonly name: string;
  /** Group, version and kind of its objects, which may be foreign: `autoscaling/v1` Scale. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** What the documents are made of. */
export interface OpenApiInput {
  readonly schema: SchemaTable;
  readonly resources: readonly OpenApiResource[];
  /** `v1.36.0`. */
  readonly version: string;
  /** Texts for `kubectl explain`, by definition id and, with a dot behind it, field: `io.k8s.api.core.v1.Pod.spec`. */
  readonly docs?: Readonly<Record<string, string>>;
  /** The values that a field may have, by the same keys: see `enumValues`. */
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  /** What a field is when nobody sets it, by the same keys: see `defaultValues`. v2 has none. */
  readonly defaults?: Readonly<Record<string, JsonValue>>;
  /** Schemas of custom resources, as OpenAPI v3, by definition id; each names its kind in `x-kubernetes-group-version-kind`. */
  readonly customDefinitions?: Readonly<Record<string, JsonObject>>;
}

/** What the two versions of OpenAPI write differently. */
export type OpenApiVersion = 'v2' | 'v3';

/** Where schemas stand. */
export function schemaReference(id: string, version: OpenApiVersion): string {
  return version === 'v2' ? `#/definitions/${id}` : `#/components/schemas/${id}`;
}
