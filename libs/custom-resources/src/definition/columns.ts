import { type Cell, type ColumnDefinition, type KubeObject, type Printer } from '@navarch/api';
import { type JsonObject, type JsonValue, parseTime, serializeUntyped } from '@navarch/apimachinery';
import { type JsonPath, JsonPathError, parseJsonPath } from '../value/json-path';
import type { DefinitionVersion } from './types';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor.

/** A printer of the columns that a version declares, the name before them; an age when there are none. */
export function columnsOf({ additionalPrinterColumns = [] }: DefinitionVersion): Printer {
  const wanted =
    additionalPrinterColumns.length > 0
      ? additionalPrinterColumns
      : [
          {
            name: 'Age',
            type: 'date',
            jsonPath: '.metadata.creationTimestamp',
            description:
              'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
          },
        ];
  const paths = pathsUntilUnreadable(wanted);
  const declared = wanted.slice(0, paths.length);
  const columns: ColumnDefinition[] = [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description:
        'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
      priority: 0,
    },
    ...declared.map(
      ({ name, type, jsonPath, format = '', description = '', priority = 0 }) =>
        ({
          name,
          type,
          format,
          description: description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description,
          priority,
        }) as ColumnDefinition,
    ),
  ];
  return {
    columns,
    cells: (object: KubeObject) => [object.metadata.name ?? '', ...declared.map(({ type }, i) => cellOf(paths[i]?.(object as unknown as JsonObject) ?? [], type))],
  };
}

/** A path that nobody can follow ends the columns: a table shows those before it. */
function pathsUntilUnreadable(columns: readonly { readonly jsonPath: string }[]): JsonPath[] {
  const paths: JsonPath[] = [];
  try {
    for (const { jsonPath } of columns) paths.push(parseJsonPath(jsonPath));
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
  }
  return paths;
}

function cellOf([value]: readonly JsonValue[], type: string): Cell | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? dateCell(value) : null;
    case 'integer':
      return typeof value === 'number' || typeof value === 'bigint' ? Math.trunc(Number(value)) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'string' ? value : serializeUntyped(value);
  }
}

function dateCell(text: string): Cell {
  return text !== '' && parseTime(text) === undefined ? '<invalid>' : { age: text };
}
