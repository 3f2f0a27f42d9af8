import { versionParts } from '@navarch/api';
import { type FieldError, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { Schema } from '../schema/schema';
import { validateSchema } from '../schema/structural';
import { JsonPathError, parseJsonPath } from '../value/json-path';
import type { CustomResourceDefinition, DefinitionVersion } from './types';

const MAX_SELECTABLE_FIELDS = 8;

/** What the schemas and paths of a definition say wrong, beside what its own kind requires. An update is not held to what was there before. */
export function validateDefinition(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { versions } = definition.spec;
  const changed = ({ name, schema }: DefinitionVersion): boolean => {
    const before = old?.spec.versions.find((version) => version.name === name);
    return before === undefined || JSON.stringify(before.schema) !== JSON.stringify(schema);
  };
  const schemas = versionParts(versions, 'schema').flatMap(({ version, path }) => {
    const schema = version.schema?.openAPIV3Schema;
    return schema && changed(version) ? validateSchema(schema as unknown as Schema, path.child('openAPIV3Schema')) : [];
  });
  return [
    ...schemas,
    ...versionParts(versions, 'additionalPrinterColumns').flatMap(({ version, path }) => columnPaths(version, path)),
    ...versionParts(versions, 'selectableFields').flatMap(({ version, path }) => selectable(version, path)),
  ];
}

function pathProblem(text: string): string | undefined {
  try {
    parseJsonPath(text);
    return text.startsWith('.') ? undefined : 'must be a simple json path starting with .';
  } catch (error) {
    if (error instanceof JsonPathError) return error.message;
    throw error;
  }
}

function columnPaths({ additionalPrinterColumns = [] }: DefinitionVersion, path: FieldPath): FieldError[] {
  return additionalPrinterColumns.flatMap(({ jsonPath }, i) => {
    const problem = jsonPath === '' ? undefined : pathProblem(jsonPath);
    return problem === undefined ? [] : [fieldErrors.invalid(path.index(i).child('JSONPath'), jsonPath, problem)];
  });
}

function selectable({ selectableFields = [], schema }: DefinitionVersion, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (selectableFields.length > MAX_SELECTABLE_FIELDS) errors.push(fieldErrors.tooMany(at, selectableFields.length, MAX_SELECTABLE_FIELDS));
  const seen = new Set<string>();
  selectableFields.forEach(({ jsonPath }, i) => {
    const here = at.index(i).child('jsonPath');
    if (seen.has(jsonPath)) errors.push(fieldErrors.duplicate(here, jsonPath));
    seen.add(jsonPath);
    if (jsonPath === '') errors.push(fieldErrors.required(here));
    else {
      const problem = selectableProblem(jsonPath, schema?.openAPIV3Schema as unknown as Schema | undefined);
      if (problem !== undefined) errors.push(fieldErrors.invalid(here, jsonPath, problem));
    }
  });
  return errors;
}

function selectableProblem(jsonPath: string, schema: Schema | undefined): string | undefined {
  if (!/^(\.[A-Za-z_][\w-]*)+$/.test(jsonPath)) return 'is an invalid path: must be a simple json path starting with .';
  if (jsonPath.startsWith('.metadata')) return 'must not point to fields in metadata';
  let at = schema;
  for (const step of jsonPath.slice(1).split('.')) at = at?.properties?.[step];
  if (!at) return `is an invalid path: does not refer to a valid field`;
  if (!['boolean', 'integer', 'string'].includes(at.type ?? '')) return 'must point to a field of type string, boolean or integer. Enum string fields and strings with allowed formats are allowed.';
  return undefined;
}
