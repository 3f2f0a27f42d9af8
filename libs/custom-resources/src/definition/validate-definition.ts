import { versionParts } from '@navarch/api';
import { exactJsonText, type FieldError, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { followFieldPath } from '../schema/field-path';
import { withPlainLimits } from '../schema/plain-limits';
import type { Schema } from '../schema/schema';
import { validateSchema } from '../schema/structural';
import type { CustomResourceDefinition, DefinitionVersion } from './types';

const MAX_SELECTABLE_FIELDS = 8;

/** What the schemas and paths of a definition say wrong, beside what its own kind requires. An update is not held to what was there before. */
export function validateDefinition(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { versions } = definition.spec;
  const changed = ({ name, schema }: DefinitionVersion): boolean => {
    const before = old?.spec.versions.find((version) => version.name === name);
    return before === undefined || exactJsonText(before.schema) !== exactJsonText(schema);
  };
  const schemas = versionParts(versions, 'schema').flatMap(({ version, path }) => {
    const schema = version.schema?.openAPIV3Schema;
    return schema && changed(version) ? validateSchema(withPlainLimits(schema as unknown as Schema), path.child('openAPIV3Schema'), version.subresources?.status !== undefined) : [];
  });
  return [
    ...schemas,
    ...versionParts(versions, 'additionalPrinterColumns').flatMap(({ version, path }) => columnPaths(version, path)),
    ...versionParts(versions, 'selectableFields').flatMap(({ version, path }) => selectable(version, path, old?.spec.versions.find(({ name }) => name === version.name))),
  ];
}

/** What follows the first dot is not looked at, as upstream: a path that cannot be followed has no column. */
function columnPaths({ additionalPrinterColumns = [] }: DefinitionVersion, path: FieldPath): FieldError[] {
  return additionalPrinterColumns.flatMap(({ jsonPath }, i) =>
    (jsonPath === '' || jsonPath.startsWith('.') ? [] : [fieldErrors.invalid(path.index(i).child('JSONPath'), jsonPath, 'must be a simple json path starting with .')]));
}

/** Mirrors ValidateCustomResourceSelectableFields. A version that had too many before may keep just those. */
function selectable({ selectableFields = [], schema }: DefinitionVersion, at: FieldPath, old: DefinitionVersion | undefined): FieldError[] {
  const root = schema?.openAPIV3Schema as unknown as Schema | undefined;
  if (selectableFields.length > 0 && root === undefined) return [fieldErrors.invalid(at, '', 'may only be set when `version.schema.openAPIV3Schema` is not included')];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  selectableFields.forEach(({ jsonPath }, i) => {
    const here = at.index(i).child('jsonPath');
    if (jsonPath === '') {
      errors.push(fieldErrors.required(here));
      return;
    }
    const found = followFieldPath(jsonPath, root, false);
    if (typeof found === 'string') {
      errors.push(fieldErrors.invalid(here, jsonPath, `is an invalid path: ${found}`));
      return;
    }
    if (/^\.metadata(\.|$)/.test(jsonPath)) errors.push(fieldErrors.invalid(here, jsonPath, 'must not point to fields in metadata'));
    if (!['boolean', 'integer', 'string'].includes(found.type ?? '')) {
      errors.push(
        fieldErrors.invalid(
          here,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    }
    if (seen.has(jsonPath)) errors.push(fieldErrors.duplicate(here, jsonPath));
    seen.add(jsonPath);
  });
  const kept = (old?.selectableFields ?? []).length > MAX_SELECTABLE_FIELDS && JSON.stringify(old?.selectableFields) === JSON.stringify(selectableFields);
  if (seen.size > MAX_SELECTABLE_FIELDS && !kept) errors.push(fieldErrors.tooMany(at, seen.size, MAX_SELECTABLE_FIELDS));
  return errors;
}
