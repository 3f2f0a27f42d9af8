import { type FieldError, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { Schema } from './schema';

// Mirrors the parts of ValidateCustomResourceDefinitionOpenAPISchema and validateMapListKeysMapSet that look at x-kubernetes-list-type and x-kubernetes-map-type.

const LIST_TYPES = ['atomic', 'set', 'map'];
export const MAP_TYPES = ['atomic', 'granular'];

/** What is wrong with what a schema says of how lists and maps are merged. */
export function checkListTypes(schema: Schema, path: FieldPath): FieldError[] {
  const { items, 'x-kubernetes-list-type': listType, 'x-kubernetes-map-type': mapType, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  const errors: FieldError[] = [];
  const at = path.child('x-kubernetes-list-type');
  if (mapType !== undefined) {
    if (schema.type !== 'object') errors.push(typeWanted(path, schema, 'object', 'x-kubernetes-map-type'));
    if (!MAP_TYPES.includes(mapType)) errors.push(fieldErrors.notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES));
  }
  if (listType !== undefined) {
    if (schema.type !== 'array') errors.push(typeWanted(path, schema, 'array', 'x-kubernetes-list-type'));
    else if (listType === 'set' && items) errors.push(...checkSetItems(items, path.child('items')));
    if (!LIST_TYPES.includes(listType)) errors.push(fieldErrors.notSupported(at, listType, LIST_TYPES));
  }
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? fieldErrors.required(at, detail) : fieldErrors.invalid(at, listType, detail));
  }
  if (listType === 'map') errors.push(...checkKeys(items, keys, path));
  if ((listType === 'map' || listType === 'set') && items?.nullable === true) {
    errors.push(fieldErrors.forbidden(path.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  if (listType === 'map' && items) errors.push(...checkKeyProperties(items, keys, path.child('items', 'properties')));
  return errors;
}

function typeWanted(path: FieldPath, { type }: Schema, wanted: string, because: string): FieldError {
  const detail = `must be ${wanted} if ${because} is specified`;
  return type ? fieldErrors.invalid(path.child('type'), type, detail) : fieldErrors.required(path.child('type'), detail);
}

/** Lists are atomic unless they say otherwise, maps only if they say so. Upstream shows the list's type for both. */
function checkSetItems(items: Schema, path: FieldPath): FieldError[] {
  const { type, 'x-kubernetes-list-type': listType = null, 'x-kubernetes-map-type': mapType } = items;
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  if (type === 'array' && listType !== null && listType !== 'atomic') return [fieldErrors.invalid(path.child('x-kubernetes-list-type'), listType, detail)];
  if (type === 'object' && mapType !== 'atomic') return [fieldErrors.invalid(path.child('x-kubernetes-map-type'), listType, detail)];
  return [];
}

function checkKeys(items: Schema | undefined, keys: readonly string[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('x-kubernetes-list-map-keys');
  if (keys.length === 0) errors.push(fieldErrors.required(at, 'must not be empty if x-kubernetes-list-type is map'));
  if (!items) return [...errors, fieldErrors.required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object') return [...errors, fieldErrors.invalid(path.child('items', 'type'), items.type ?? '', 'must be object if parent array\'s x-kubernetes-list-type is map')];
  keys.forEach((key, i) => {
    const property = items.properties?.[key];
    if (!property) errors.push(fieldErrors.invalid(at, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      errors.push(
        fieldErrors.invalid(
          path.child('items', 'properties').key(key).child('type'),
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    }
    if (keys.indexOf(key) !== i) errors.push(fieldErrors.invalid(at, keys, 'must not contain duplicate entries'));
  });
  return errors;
}

function checkKeyProperties({ properties = {}, required = [] }: Schema, keys: readonly string[], path: FieldPath): FieldError[] {
  return keys.flatMap((key) => {
    const property = properties[key];
    if (!property) return [];
    const at = path.key(key);
    return [
      ...(required.includes(key) || property.default !== undefined
        ? []
        : [fieldErrors.required(at.child('default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property')]),
      ...(property.nullable === true
        ? [fieldErrors.forbidden(at.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable')]
        : []),
    ];
  });
}
