import { type FieldError, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { goShapeTable } from '../tables/go-shape-table';
import { type SchemaNode, schemaTable } from '../tables/schema-table';

const messageOf = (id: string): string => id.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');

/** Required although empty says something: all groups, the core group, the cluster. */
const mayBeEmpty = new Set(['apiGroup', 'group', 'namespace', 'value']);

function checkNode(value: unknown, node: SchemaNode, path: FieldPath): FieldError[] {
  if (value === undefined || value === null) return [];
  if (node.ref !== undefined) return requiredBySchema(value, node.ref, path);
  const { items, map } = node;
  if (items !== undefined && Array.isArray(value)) return value.flatMap((item, i) => checkNode(item, items, path.index(i)));
  if (map !== undefined && typeof value === 'object') return Object.entries(value).flatMap(([key, entry]) => checkNode(entry, map, path.key(key)));
  return [];
}

function checkEnum(value: unknown, type: string | undefined, path: FieldPath): FieldError[] {
  const allowed = type === undefined ? undefined : goShapeTable().enums[type];
  // A type whose values the table does not know is an open one.
  if (allowed === undefined || allowed.length === 0) return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((one, i) =>
    typeof one !== 'string' || one === '' || allowed.includes(one) ? [] : [fieldErrors.notSupported(Array.isArray(value) ? path.index(i) : path, one, [...allowed].sort())],
  );
}

/** What the schema alone can say: fields that must be there, and values from closed sets. For kinds without rules of their own. */
export function requiredBySchema(value: unknown, id: string, path: FieldPath): FieldError[] {
  const definition = schemaTable().definitions[id];
  if (definition?.properties === undefined || typeof value !== 'object' || value === null) return [];
  const object = value as Readonly<Record<string, unknown>>;
  const enums = goShapeTable().enum[messageOf(id)] ?? {};
  const errors: FieldError[] = [];
  for (const name of definition.required ?? [])
    if (object[name] === undefined || (object[name] === '' && !mayBeEmpty.has(name))) errors.push(fieldErrors.required(path.child(name)));
  for (const [name, node] of Object.entries(definition.properties)) {
    // Metadata has rules of its own; status is the system's word, in which empty is as good as absent.
    if (name === 'metadata' || name === 'status' || object[name] === undefined) continue;
    errors.push(...checkEnum(object[name], enums[name], path.child(name)), ...checkNode(object[name], node, path.child(name)));
  }
  return errors;
}
