import { defaultsFor, type KubeObject } from '@navarch/api';
import {
  badRequest, cannotBeHandled, conformToType, type DecodedObject, DecodeError, decodeUntypedObject, enforceFieldValidation, type FieldValidation, formatGroupVersion, type JsonObject,
  parseGroupVersion, type StructType, unrecognizedObject,
} from '@navarch/apimachinery';
import type { BodyFormat } from './body-format';
import { schemaCatalog } from './catalog';
import { decodeProtobufEnvelope, openProtobufBody } from './protobuf-body';

/** The kind that a path takes. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface BodyOptions {
  readonly fieldValidation: FieldValidation;
  warn(text: string): void;
  /** What the body holds, where somebody has read it already. Anew each time. @throws DecodeError */
  readonly parsed?: () => DecodedObject;
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

/** As upstream's build names the place where its kinds are registered. */
const SCHEME = 'pkg/api/legacyscheme/scheme.go:30';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

type NamedKind = ExpectedKind & { readonly apiVersion: string };

const namedKinds = new WeakMap<ExpectedKind, NamedKind>();

/** A kind as bodies name it. Whoever reads many bodies asks with the same object. */
function namedKind(expected: ExpectedKind): NamedKind {
  let found = namedKinds.get(expected);
  if (!found) namedKinds.set(expected, (found = { ...expected, apiVersion: formatGroupVersion(expected) }));
  return found;
}

/** What a body says it is; the path says what it leaves out. @throws DecodeError */
function bodyKind({ apiVersion, kind }: JsonObject, expected: ExpectedKind): NamedKind {
  const expectedName = namedKind(expected);
  const wanted = expectedName.apiVersion;
  if (apiVersion === wanted && kind === expected.kind) return expectedName;
  const given = textOf(apiVersion);
  const parsed = parseGroupVersion(given);
  if (!parsed) throw new DecodeError(`unexpected GroupVersion string: ${given}`);
  // `/v1` is `v1`, and a slash alone says nothing.
  const version = formatGroupVersion(parsed) === '' ? wanted : formatGroupVersion(parsed);
  return { ...(parseGroupVersion(version) ?? parsed), apiVersion: version, kind: textOf(kind) === '' ? expected.kind : textOf(kind) };
}

/** Older versions of the same form that upstream still takes: clients from before policy/v1 drain nodes by them. */
const FORMER_VERSIONS = new Map([['policy/v1 Eviction', 'policy/v1beta1']]);

/** What the body says it is. @throws badRequest when the path takes something else, DecodeError */
function requireKind(object: JsonObject, expected: ExpectedKind): NamedKind {
  const body = bodyKind(object, expected);
  const wanted = namedKind(expected).apiVersion;
  if (body.kind === expected.kind) {
    // Every group has DeleteOptions, and clients name that of what they delete.
    if (body.apiVersion === wanted || body.kind === 'DeleteOptions' || FORMER_VERSIONS.get(`${wanted} ${body.kind}`) === body.apiVersion) return body;
    if (schemaCatalog().typeOfKind(body.group, body.version, body.kind)) throw badRequest(`the API version in the data (${body.apiVersion}) does not match the expected API version (${wanted})`);
  }
  throw cannotBeHandled(body, expected.kind, unconvertible(body, expected));
}

/** Why nothing of one kind becomes one of the other. */
function unconvertible({ group, version, apiVersion, kind }: NamedKind, expected: ExpectedKind): string {
  if (schemaCatalog().typeOfKind(group, version, kind) === undefined) return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${SCHEME}"`;
  return `converting (${version}.${kind}) to (${packageOf(expected.group)}.${expected.kind}): unknown conversion`;
}

/** @throws DecodeError when a document says that it is of another kind. */
export function conformToKind(document: JsonObject, expected: ExpectedKind): void {
  const said = bodyKind(document, expected);
  const isKnown = schemaCatalog().typeOfKind(said.group, said.version, said.kind) !== undefined;
  if (said.kind !== expected.kind || !isKnown) throw new DecodeError(unconvertible(said, expected));
}

/** A struct that a body leaves out is an empty one in Go: nobody needs to ask whether it is there. */
function completeStructs(object: JsonObject, type: StructType): void {
  for (const { name, required, type: { kind } } of type.fields.values()) if (required && kind === 'struct') object[name] ??= {};
  // Validation refuses a body without metadata.
  object['metadata'] ??= {};
}

/** Fills what the user left out. */
export function applyDefaults(object: KubeObject, expected: ExpectedKind): void {
  completeStructs(object as unknown as JsonObject, typeOf(expected));
  const { group, version, kind } = expected;
  defaultsFor(group, version, kind)?.(object);
}

/** Reads an object of a kind from a request body, and defaults it. @throws ApiError as upstream answers */
export function decodeBody(body: Buffer, format: BodyFormat, expected: ExpectedKind, options: BodyOptions): KubeObject {
  const object = format === 'protobuf' ? decodeProtobuf(body, expected) : decodeText(body, format, expected, options);
  const result = object as unknown as KubeObject;
  applyDefaults(result, expected);
  return result;
}

function decodeProtobuf(body: Buffer, expected: ExpectedKind): JsonObject {
  const { apiVersion, kind, raw } = explained(() => openProtobufBody(body), (why) => unrecognizedObject(expected.kind, why, body));
  // What the envelope leaves out, the path says.
  const named = explained(() => requireKind({ apiVersion, kind: kind === '' ? expected.kind : kind }, expected), (why) => unrecognizedObject(expected.kind, why, body));
  return explained(() => decodeProtobufEnvelope({ apiVersion: formatGroupVersion(expected), kind: expected.kind, raw }), (why) => cannotBeHandled(named, expected.kind, why)) as unknown as JsonObject;
}

function decodeText(body: Buffer, format: 'json' | 'yaml', expected: ExpectedKind, options: BodyOptions): JsonObject {
  const { object, reports } = explained(() => options.parsed?.() ?? decodeUntypedObject(body, format), (why) => unreadable(body, format, expected, why));
  const named = explained(() => requireKind(object, expected), (why) => unrecognizedObject(expected.kind, why, body));
  const all = explained(() => conformToType(object, typeOf(expected), reports), (why) => cannotBeHandled(named, expected.kind, why));
  for (const warning of enforceFieldValidation(options.fieldValidation, all, named, expected.kind)) options.warn(warning);
  return object;
}

/** Runs a step of decoding; its failure becomes what the client is told. */
function explained<T>(step: () => T, explain: (why: string) => Error): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw explain(error.message);
    throw error;
  }
}

/** What upstream reads a body into to learn its kind. */
const KIND_STRUCT = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The answer to a body that does not even say its kind. */
function unreadable(body: Buffer, format: 'json' | 'yaml', expected: ExpectedKind, why: string): Error {
  return unrecognizedObject(
    expected.kind,
    format === 'yaml'
      ? `error converting YAML to JSON: ${why}`
      : `couldn't get version/kind; json parse error: ${why.replace('map[string]interface {}', KIND_STRUCT)}`,
    body,
  );
}
