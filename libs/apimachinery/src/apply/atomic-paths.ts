import { getMember, isJsonObject, type JsonValue } from '../json';
import { type SchemaType } from '../schema';
import { fieldElement, formatPath, indexElement, type PathElement } from './path-element';

/** Where a configuration has objects and lists that would be replaced whole, with all that it does not name. */
export function atomicPaths(config: JsonValue, type: SchemaType, path: readonly PathElement[] = []): string[] {
  if (isJsonObject(config) && type.kind === 'struct') {
    const within = Object.keys(config).flatMap((name) => {
      const field = type.fields.get(name);
      return field ? atomicPaths(getMember(config, name) ?? null, field.type, [...path, fieldElement(name)]) : [];
    });
    return [...(type.atomic ? [formatPath(path)] : []), ...within];
  }
  if (isJsonObject(config)) return type.kind === 'map' && type.atomic ? [formatPath(path)] : [];
  if (!Array.isArray(config)) return [];
  if (type.kind !== 'list') return type.kind === 'any' ? [formatPath(path)] : [];
  const within = config.flatMap((item, i) => atomicPaths(item, type.items, [...path, indexElement(i)]));
  return [...(type.listType === 'atomic' ? [formatPath(path)] : []), ...within];
}
