import {
  dns1035LabelMessages, type FieldError, fieldErrors, FieldPath, isJsonObject, type JsonObject, type JsonValue, pathSegmentNameMessages, type ValidatedMeta,
  validateObjectMeta, within,
} from '@navarch/apimachinery';
import { isEmbedded, memberOf, type Schema } from '../schema/schema';
import { memberPath } from './member-path';
import { join } from './validate-value';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go.

/** What is wrong with objects inside of an object: they need a kind of their own. Not even an update that leaves them as they were is spared. */
export function validateEmbedded(value: JsonValue, schema: Schema, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((item, i) => validateEmbedded(item, items, `${path}[${i}]`)) : [];
  }
  if (!isJsonObject(value)) return [];
  const errors = isEmbedded(schema) ? validateResource(value, path) : [];
  for (const name of Object.keys(value)) {
    const member = memberOf(schema, name);
    if (member) errors.push(...validateEmbedded(value[name] ?? null, member, memberPath(path, name, schema)));
  }
  return errors;
}

/** The kind and the metadata of an object inside of another, or of one that a default is. */
function validateResource(value: JsonObject, path: string): FieldError[] {
  const errors = ['apiVersion', 'kind'].filter((name) => !Object.hasOwn(value, name)).map((name) => fieldErrors.required(join(path, name)));
  const { apiVersion, kind, metadata } = value;
  if (apiVersion !== undefined) errors.push(...checkText(apiVersion, join(path, 'apiVersion'), (text) => (text.split('/').length > 2 ? [`unexpected GroupVersion string: ${text}`] : [])));
  if (kind !== undefined) errors.push(...checkText(kind, join(path, 'kind'), kindMessages));
  if (metadata !== undefined) errors.push(...checkMetadata(metadata, join(path, 'metadata')));
  return errors;
}

/** The first kind or metadata of an object inside of another that is of another type than they are. */
export function malformedResource(value: JsonValue, schema: Schema, path = ''): FieldError | undefined {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items && firstOf(value.map((item, i) => () => malformedResource(item, items, `${path}[${i}]`)));
  }
  if (!isJsonObject(value)) return undefined;
  const { apiVersion, kind, metadata } = value;
  const own = isEmbedded(schema)
    ? [
        apiVersion === undefined ? [] : checkType(apiVersion, join(path, 'apiVersion')),
        kind === undefined ? [] : checkType(kind, join(path, 'kind')),
        metadata === undefined ? [] : checkMetadataType(metadata, join(path, 'metadata')),
      ].flat()
    : [];
  return own[0] ?? firstOf(Object.keys(value).map((name) => () => {
    const member = memberOf(schema, name);
    return member && malformedResource(value[name] ?? null, member, memberPath(path, name, schema));
  }));
}

function firstOf<T>(attempts: readonly (() => T | undefined)[]): T | undefined {
  for (const attempt of attempts) {
    const found = attempt();
    if (found !== undefined) return found;
  }
  return undefined;
}

function kindMessages(kind: string): string[] {
  const messages = dns1035LabelMessages(kind.toLowerCase());
  return messages.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${messages.join(',')}`];
}

function checkText(value: JsonValue, path: string, rule: (text: string) => string[]): FieldError[] {
  if (typeof value !== 'string') return checkType(value, path);
  return (value === '' ? ['must not be empty'] : rule(value)).map((message) => fieldErrors.invalid(path, value, message));
}

const checkType = (value: JsonValue, path: string): FieldError[] => (typeof value === 'string' ? [] : [fieldErrors.invalid(path, value, 'must be a string')]);

function checkMetadataType(value: JsonValue, path: string): FieldError[] {
  if (!isJsonObject(value)) return [fieldErrors.invalid(path, value, 'must be an object')];
  const stray = Object.entries(FITS).find(([name, fits]) => value[name] !== undefined && value[name] !== null && !fits(value[name]));
  return stray ? [fieldErrors.invalid(path, value, `${stray[0]} is of another type than metadata's`)] : [];
}

function checkMetadata(value: JsonValue, path: string): FieldError[] {
  const wrongType = checkMetadataType(value, path);
  if (wrongType.length > 0 || !isJsonObject(value)) return wrongType;
  const meta = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)) as ValidatedMeta;
  const { ownerReferences = [], name = '', namespace = '' } = meta;
  const owners = ownerReferences.map((owner) => ({ ...{ apiVersion: '', kind: '', name: '', uid: '' }, ...owner }));
  // An object inside of another needs no name.
  const named = { ...meta, ownerReferences: owners, name: name === '' ? 'fakename' : name };
  return validateObjectMeta(named, namespace !== '', pathSegmentNameMessages, FieldPath.of('metadata')).map((error) => under(path, error));
}

/** Told of `metadata` at the root; moves to where it stands. */
const under = (path: string, error: FieldError): FieldError => (path === 'metadata' ? error : within(path.slice(0, -'.metadata'.length), error));

const isText = (value: JsonValue | undefined): boolean => typeof value === 'string';
const areTexts = (value: JsonValue | undefined): boolean => isJsonObject(value) && Object.values(value).every(isText);
const areObjects = (value: JsonValue | undefined): boolean => Array.isArray(value) && value.every(isJsonObject);

/** What the rules of metadata count on. */
const FITS: Readonly<Record<string, (value: JsonValue | undefined) => boolean>> = {
  name: isText,
  generateName: isText,
  namespace: isText,
  labels: areTexts,
  annotations: areTexts,
  finalizers: (value) => Array.isArray(value) && value.every(isText),
  ownerReferences: areObjects,
  managedFields: areObjects,
  generation: (value) => typeof value === 'number' || typeof value === 'bigint',
};
