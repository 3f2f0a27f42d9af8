import { defaultsFor, type KubeObject } from '@navarch/api';
import {
  badRequest, cannotBeHandled, DecodeError, decodeObject, enforceFieldValidation, type FieldValidation, formatGroupVersion, type JsonObject, parseGroupVersion,
  type StructType, unrecognizedObject,
} from '@navarch/apimachinery';
import type { BodyFormat } from './body-format';
import { schemaCatalog } from './catalog';
import { decodeProtobufBody } from './protobuf-body';

/** The kind that a path takes. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface BodyOptions {
  readonly fieldValidation: FieldValidation;
  warn(text: string): void;
}

const types = new Map<string, StructType>();

/** The type of a built-in kind. @throws for a kind there is none of: a mistake of the caller */
export function typeOf({ group, version, kind }: ExpectedKind): StructType {
  const key = `${group}/${version}/${kind}`;
  let type = types.get(key);
  if (!type) {
    type = kind === 'DeleteOptions' ? schemaCatalog().structOf('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions') : schemaCatalog().typeOfKind(group, version, kind);
    if (!type) throw new Error(`no schema for ${key}`);
    types.set(key, type);
  }
  return type;
}

const packageOf = (group: string): string => (group === '' ? 'core' : (group.split('.')[0] ?? group));

function requireKind(object: JsonObject, expected: ExpectedKind): void {
  const { apiVersion, kind } = object;
  const wanted = formatGroupVersion(expected);
  // Every group has DeleteOptions, and clients name that of what they delete.
  if (typeof apiVersion === 'string' && apiVersion !== '' && apiVersion !== wanted && kind !== 'DeleteOptions')
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  if (typeof kind === 'string' && kind !== '' && kind !== expected.kind)
    throw cannotBeHandled({ version: expected.version, kind }, expected.kind, `converting (${expected.version}.${kind}) to (${packageOf(expected.group)}.${expected.kind}): unknown conversion`);
}

/** Fills what the user left out. */
export function applyDefaults(object: KubeObject, { group, version, kind }: ExpectedKind): void {
  defaultsFor(group, version, kind)?.(object);
}

/** Reads an object of a kind from a request body, and defaults it. @throws ApiError as upstream answers */
export function decodeBody(body: Buffer, format: BodyFormat, expected: ExpectedKind, options: BodyOptions): KubeObject {
  if (format === 'protobuf') {
    const object = decodeProtobufBody(body);
    requireKind(object as unknown as JsonObject, expected);
    applyDefaults(object, expected);
    return object;
  }
  let decoded;
  try {
    decoded = decodeObject(body, typeOf(expected), format);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== DecodeError.name) throw error;
    throw undecodable(body, format, expected, error.message);
  }
  const { object, reports } = decoded;
  requireKind(object, expected);
  const { kind, version } = expected;
  for (const warning of enforceFieldValidation(options.fieldValidation, reports, { kind, version }, kind)) options.warn(warning);
  // A body without metadata is refused by validation, not by a crash.
  object['metadata'] ??= {};
  const result = object as unknown as KubeObject;
  applyDefaults(result, expected);
  return result;
}

/** The answer to a body that does not decode: upstream names the body's kind if it can read that much. */
function undecodable(body: Buffer, format: BodyFormat, expected: ExpectedKind, why: string): Error {
  const text = body.toString('utf8');
  const kind = format === 'json' ? /"kind"\s*:\s*"([^"]*)"/.exec(text)?.[1] : /^kind:\s*(\S+)/m.exec(text)?.[1];
  const apiVersion = format === 'json' ? /"apiVersion"\s*:\s*"([^"]*)"/.exec(text)?.[1] : /^apiVersion:\s*(\S+)/m.exec(text)?.[1];
  if (why.startsWith('json: cannot unmarshal')) return cannotBeHandled({ kind: kind ?? expected.kind, version: parseGroupVersion(apiVersion ?? '')?.version ?? expected.version }, expected.kind, why);
  if (format === 'yaml') return badRequest(`error decoding YAML: ${why}`);
  return unrecognizedObject(expected.kind, `couldn't get version/kind; json parse error: ${why}`, body);
}
