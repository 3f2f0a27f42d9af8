import { isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import type { CustomResourceDefinition, DefinitionVersion } from './types';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const reference = (id: string): JsonObject => ({ $ref: `#/components/schemas/${id}` });

const API_VERSION: JsonObject = {
  type: 'string',
  description:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
};
const KIND: JsonObject = {
  type: 'string',
  description:
    'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
};
const METADATA: JsonObject = {
  description: "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  allOf: [reference(`${META}.ObjectMeta`)],
};
const LIST_METADATA: JsonObject = {
  description: 'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
  allOf: [reference(`${META}.ListMeta`)],
};

/** `com.example.stable.v1.CronTab`. */
export function definitionId(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** What OpenAPI documents say of a version: the schemas of its kind and of the list, by their ids. */
export function publishedSchemas({ spec: { group, names } }: CustomResourceDefinition, { name: version, schema, selectableFields = [] }: DefinitionVersion): Record<string, JsonObject> {
  // How clients learn what they may select by.
  const selectable: JsonObject = selectableFields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': selectableFields.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, '') })) };
  const id = definitionId(group, version, names.kind);
  const listKind = names.listKind ?? `${names.kind}List`;
  const own = schema?.openAPIV3Schema as unknown as JsonObject | undefined;
  const gvk = (kind: string): JsonObject[] => [{ group, kind, version }];
  const list: JsonObject = {
    description: `${listKind} is a list of ${names.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: API_VERSION,
      items: {
        description: `List of ${names.plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: 'array',
        items: { allOf: [reference(id)] },
      },
      kind: KIND,
      metadata: LIST_METADATA,
    },
    'x-kubernetes-group-version-kind': gvk(listKind),
    ...selectable,
  };
  return {
    [id]: {
      ...resource(own ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
      'x-kubernetes-group-version-kind': gvk(names.kind),
      ...selectable,
    },
    [definitionId(group, version, listKind)]: list,
  };
}

/** A schema with what every resource has. */
function resource(schema: JsonObject): JsonObject {
  const shown = published(schema);
  const properties = isJsonObject(shown['properties']) ? shown['properties'] : {};
  // A resource of which nothing is said stays open.
  return { ...shown, properties: { ...properties, apiVersion: API_VERSION, kind: KIND, metadata: METADATA } };
}

function published(schema: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) result[name] = name === 'properties' && isJsonObject(value) ? members(value) : below(name, value);
  return result['x-kubernetes-embedded-resource'] === true && isJsonObject(schema['properties']) ? resourceMembers(result) : result;
}

function resourceMembers(schema: JsonObject): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return { ...schema, properties: { ...properties, apiVersion: API_VERSION, kind: KIND, metadata: METADATA } };
}

const members = (properties: JsonObject): JsonObject => Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, isJsonObject(schema) ? published(schema) : schema]));

function below(name: string, value: JsonValue): JsonValue {
  return (name === 'items' || name === 'additionalProperties') && isJsonObject(value) ? published(value) : value;
}
