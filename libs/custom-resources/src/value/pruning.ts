import { isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { isEmbedded, memberOf, preserves, type Schema } from '../schema/schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning.

const RESOURCE_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Takes away what a schema does not name; what every resource has stays. Changes the object. @returns the paths of what went, such as `spec.a[0].b` */
export function prune(object: JsonObject, schema: Schema, isResource = true): string[] {
  const gone: string[] = [];
  pruneObject(object, schema, '', isResource, gone);
  return gone;
}

function pruneValue(value: JsonValue, schema: Schema | undefined, path: string, gone: string[]): void {
  if (Array.isArray(value)) value.forEach((item, i) => pruneValue(item, schema?.items, `${path}[${i}]`, gone));
  else if (isJsonObject(value)) pruneObject(value, schema, path, schema !== undefined && isEmbedded(schema), gone);
}

function pruneObject(object: JsonObject, schema: Schema | undefined, path: string, isResource: boolean, gone: string[]): void {
  for (const name of Object.keys(object)) {
    if (isResource && RESOURCE_FIELDS.has(name)) continue;
    const below = path === '' ? name : `${path}.${name}`;
    const member = schema && memberOf(schema, name);
    if (member) pruneValue(object[name] ?? null, member, below, gone);
    else if (schema && (preserves(schema) || schema.additionalProperties === true)) continue;
    else {
      delete object[name];
      gone.push(below);
    }
  }
}
