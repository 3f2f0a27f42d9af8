import { isJsonObject, type JsonObject, type JsonValue, type SchemaType, type StructType } from '@navarch/apimachinery';
import { isEmbedded, memberOf, preserves, type Schema } from '../schema/schema';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning.

const RESOURCE_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

export interface PruneOptions {
  readonly isResource?: boolean;
  /** Absent: metadata stays whole. */
  readonly objectMeta?: StructType;
}

/**
 * Takes away what a schema does not name. What every resource has stays; of the metadata of those inside of the object, what ObjectMeta
 * names: that of the object itself has been read by its own type already. Changes the object. @returns the paths of what went, such as `spec.a[0].b`: sorted, those in metadata last, as upstream names them
 */
export function prune(object: JsonObject, schema: Schema, { isResource = true, objectMeta }: PruneOptions = {}): string[] {
  const walk = new Pruning(objectMeta);
  walk.object(object, schema, '', isResource);
  return [...walk.gone.sort(), ...walk.goneFromMetadata.sort()];
}

class Pruning {
  readonly gone: string[] = [];
  readonly goneFromMetadata: string[] = [];

  constructor(private readonly objectMeta: StructType | undefined) {}

  /** @param keeps what is not named stays, at this place alone */
  object(object: JsonObject, schema: Schema | undefined, path: string, isResource: boolean, keeps = schema !== undefined && preserves(schema)): void {
    for (const name of Object.keys(object)) {
      const below = path === '' ? name : `${path}.${name}`;
      if (isResource && RESOURCE_FIELDS.has(name)) {
        if (name === 'metadata' && path !== '' && this.objectMeta) this.typed(object[name], this.objectMeta, below);
        continue;
      }
      const member = schema && memberOf(schema, name);
      if (member) this.value(object[name] ?? null, member, below);
      // Names that nothing is said of may be there, but nothing that has names of its own.
      else if (schema?.additionalProperties !== undefined) this.value(object[name] ?? null, undefined, below);
      else if (!keeps) this.drop(object, name, below, this.gone);
    }
  }

  private value(value: JsonValue, schema: Schema | undefined, path: string): void {
    if (Array.isArray(value) && schema && preserves(schema)) value.forEach((item, i) => this.kept(item, schema.items, `${path}[${i}]`));
    else if (Array.isArray(value)) value.forEach((item, i) => this.value(item, schema?.items, `${path}[${i}]`));
    else if (isJsonObject(value)) this.object(value, schema, path, schema !== undefined && isEmbedded(schema));
  }

  /** An item of a list that keeps what nobody declared. */
  private kept(value: JsonValue, schema: Schema | undefined, path: string): void {
    if (schema === undefined) return;
    if (Array.isArray(value)) value.forEach((item, i) => this.kept(item, schema.items, `${path}[${i}]`));
    else if (isJsonObject(value)) this.object(value, schema, path, isEmbedded(schema), true);
  }

  /** Where a type of Go says what there is. */
  private typed(value: JsonValue | undefined, type: SchemaType, path: string): void {
    if (type.kind === 'list' && Array.isArray(value)) value.forEach((item, i) => this.typed(item, type.items, `${path}[${i}]`));
    if (type.kind !== 'struct' || !isJsonObject(value)) return;
    for (const name of Object.keys(value)) {
      const field = type.fields.get(name);
      if (field) this.typed(value[name], field.type, `${path}.${name}`);
      else if (!type.open) this.drop(value, name, `${path}.${name}`, this.goneFromMetadata);
    }
  }

  private drop(object: JsonObject, name: string, path: string, gone: string[]): void {
    delete object[name];
    gone.push(path);
  }
}
