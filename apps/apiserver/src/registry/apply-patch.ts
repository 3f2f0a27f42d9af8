import type { KubeObject } from '@navarch/api';
import {
  type Applied, type ApplyRequest, badRequest, compareStrings, decodeJson, type DecodedObject, DecodeError, decodeUntypedObject, enforceFieldValidation,
  formatGroupVersionKind, goQuote, ignoredFieldsOf, isJsonObject, type JsonObject, type JsonValue, managedFieldsAfterScale,
  notFound, parseGroupVersion, type ResetFields, scaleManagedFields, serverSideApply, strictDecodingError, yamlErrors,
} from '@navarch/apimachinery';
import { isLarge } from '../offload/is-large';
import type { KindSource } from '../offload/kind-source';
import { type Offload, patched } from '../offload/offloaded-work';
import { pack, unpack } from '../offload/packed-json';
import { parsedElsewhere } from '../offload/parsed-elsewhere';
import { askedAs } from './asked-as';
import { type ObjectView, writeThrough } from './object-view';
import type { PatchType } from './patch';
import { patchFault } from './patch-fault';
import type { Cached } from './resource-store';
import { requireSameObject } from './same-object';
import type { ServedResource } from './served-resource';
import { type Changed, update } from './update';
import type { WriteContext } from './write-context';

/** What is patched. */
export interface PatchTarget {
  readonly served: ServedResource;
  readonly view: ObjectView;
  readonly namespace: string;
  readonly name: string;
}

interface ParsedPatch {
  readonly type: Exclude<PatchType, 'apply'>;
  readonly value: JsonValue;
  /** Fields that stand twice. */
  readonly reports: readonly string[];
}

/** @throws badRequest for a body that is not JSON */
function parsePatch(patch: Buffer, type: ParsedPatch['type']): ParsedPatch {
  try {
    const { value, duplicates } = decodeJson(patch);
    const reports = duplicates.map((path) => `duplicate field ${goQuote(path)}`);
    return { type, value, reports: type === 'json' ? reportsOfOperations(value, reports) : reports };
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw badRequest(type === 'strategic' ? error.message : `error decoding patch: ${error.message}`);
    throw error;
  }
}

const operationFields = new Set(['op', 'path', 'from', 'value']);

/** Adds what no operation has, in the order of the operations. */
function reportsOfOperations(patch: JsonValue, duplicates: readonly string[]): string[] {
  const operations = Array.isArray(patch) ? patch : [];
  const unknown = operations.flatMap((operation, i) =>
    isJsonObject(operation)
      ? Object.keys(operation)
          .filter((name) => !operationFields.has(name))
          .map((name) => `unknown field ${goQuote(`[${i}].${name}`)}`)
      : [],
  );
  const position = (report: string): number => Number(/\[(\d+)\]/.exec(report)?.[1] ?? 0);
  return [...unknown, ...duplicates].sort((one, other) => position(one) - position(other)).slice(0, maxReports).map((report) => `json patch ${report}`);
}

/** Upstream stops counting there. */
const maxReports = 100;

/** By the names of the fields: what a patch makes goes through a map there, which has no order of its own. */
function inOrder(reports: readonly string[]): string[] {
  const padded = (report: string): string => report.replace(/\[(\d+)\]/g, (_, digits: string) => `[${digits.padStart(10, '0')}]`);
  return [...reports].sort((one, other) => compareStrings(padded(one), padded(other)));
}

/** Gives a patched document the form of its type. @throws invalid: the patch is at fault */
function conformed(document: JsonObject, { type, value, reports }: ParsedPatch, { view, namespace, name }: PatchTarget, context: WriteContext): KubeObject {
  let all: string[];
  try {
    // What a strategic patch makes is converted, not decoded: nobody reads there what it says it is.
    if (type !== 'strategic') view.codec.requireKind(document);
    all = [...reports, ...inOrder(view.codec.conform(document))];
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw patchFault(type, value, document, error.message);
    throw error;
  }
  if (all.length > 0 && context.fieldValidation === 'Strict') throw patchFault(type, value, document, strictDecodingError(all));
  if (context.fieldValidation === 'Warn') for (const warning of all) context.warn(warning);
  const object = document as unknown as KubeObject;
  view.codec.applyDefaults(object);
  requireSameObject(object, namespace, name);
  return object;
}

/** Gives an applied document the form of its type. */
function settled(document: JsonObject, { view, namespace, name }: PatchTarget, context: WriteContext): KubeObject {
  let unknown: string[];
  try {
    unknown = view.codec.conform(document);
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw badRequest(error.message);
    throw error;
  }
  for (const warning of enforceFieldValidation(context.fieldValidation, unknown, view, view.kind)) context.warn(warning);
  const object = document as unknown as KubeObject;
  view.codec.applyDefaults(object);
  requireSameObject(object, namespace, name);
  return object;
}

/** What a patch makes of an object; of what is large in another thread. @throws ApiError */
async function patchedDocument(document: JsonObject, { type, value }: ParsedPatch, { view, served }: PatchTarget): Promise<JsonObject> {
  if (!isLarge(document, value)) return patched(document, value, type, view.codec.type);
  return unpack<JsonObject>(await served.store.deps.offload.run('patch', { kind: view.codec.source, type, document: pack(document), patch: pack(value) }));
}

/** Patches an object as a view shows it. @throws ApiError */
export function applyPatch(target: PatchTarget, type: PatchType, patch: Buffer, context: WriteContext): Promise<Changed> {
  if (type === 'apply') return serverSide(target, patch, context);
  const { served, view, namespace, name } = target;
  const { store } = served;
  const parsed = parsePatch(patch, type);
  return update(store, {
    namespace,
    name,
    subresource: view.subresource,
    createsMissing: false,
    isPatch: true,
    verb: 'patch',
    ...(view.shownAs ? { shownAs: view.shownAs } : {}),
    compute: async (current, admit) => {
      if (!current) throw notFound(askedAs(store.groupResource, context.requested), name);
      await served.prepare([current]);
      const document = await patchedDocument(view.read(current) as unknown as JsonObject, parsed, target);
      return writeThrough(view, conformed(document, parsed, target, context), current, admit);
    },
  }, context);
}

/** The configuration that is applied. Large YAML is read in another thread. @throws badRequest */
async function decodeConfig(patch: Buffer, offload: Offload): Promise<DecodedObject> {
  try {
    return (await parsedElsewhere(patch, 'yaml', offload))?.() ?? decodeUntypedObject(patch, 'yaml');
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw badRequest(`error decoding YAML: ${error.message}`);
    throw error;
  }
}

/** Server-side apply, of what is large in another thread. @throws ApiError */
async function applied(request: Required<Omit<ApplyRequest, 'ignored'>>, reset: ResetFields, source: KindSource, offload: Offload): Promise<Applied> {
  const { live, config, manager, apiVersion, subresource, now, force } = request;
  if (!isLarge(live, config)) return serverSideApply({ ...request, ignored: ignoredFieldsOf(reset) });
  const { object, changed } = await offload.run('apply', { kind: source, live: live && pack(live), config: pack(config), manager, apiVersion, subresource, now, force, reset });
  return { object: unpack<JsonObject>(object), changed };
}

/** A configuration of another kind would be read by the wrong schema, and take away all that this one has. @throws badRequest */
function requireKind(config: JsonObject, { group, version, kind }: ObjectView): void {
  const { apiVersion: given, kind: named } = config;
  const stated = typeof given === 'string' ? parseGroupVersion(given) : undefined;
  const found = { ...(stated ?? { group: '', version: '' }), kind: typeof named === 'string' ? named : '' };
  if (found.group !== group || found.version !== version || found.kind !== kind) throw badRequest(`invalid object type: ${formatGroupVersionKind(found)}`);
}

async function serverSide(target: PatchTarget, patch: Buffer, context: WriteContext): Promise<Changed> {
  const { served, view, namespace, name } = target;
  const { store } = served;
  const { offload } = store.deps;
  const decoded = await decodeConfig(patch, offload);
  const { object: config, reports } = decoded;
  if (reports.length > 0 && context.fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${yamlErrors(reports)}`);
  if (context.fieldValidation === 'Warn') for (const warning of reports) context.warn(warning);
  const apiVersion = view.group === '' ? view.version : `${view.group}/${view.version}`;
  requireKind(config, view);
  // `/v1` is `v1`.
  config['apiVersion'] = apiVersion;
  return update(store, {
    namespace,
    name,
    subresource: view.subresource,
    createsMissing: view.subresource === '',
    isPatch: true,
    managedFieldsDone: true,
    verb: 'patch',
    ...(view.shownAs ? { shownAs: view.shownAs } : {}),
    compute: async (current: Cached | undefined, admit) => {
      if (!current) requireName(config, target);
      else await served.prepare([current]);
      const live = current && shownToApply(view, current);
      const { object, changed } = await applied({
        live, config, type: view.codec.type, force: context.force, manager: context.fieldManager, apiVersion, subresource: view.subresource, now: store.deps.clock.now(),
      }, store.fieldManager.resetBy(view.subresource), view.codec.source, offload);
      const shown = changed ? settled(object, target, context) : (object as unknown as KubeObject);
      const { managedFields } = shown.metadata;
      const result = await writeThrough(view, shown, current, admit);
      if (changed && view.replicas) ownAfterScale(result, managedFields, view.replicas, result.apiVersion ?? apiVersion);
      return result;
    },
  }, context);
}

/** What an apply is laid over. A Scale has no managedFields of its own: those of its object are shown as if it had. */
function shownToApply(view: ObjectView, current: Cached): JsonObject {
  const shown = view.read(current);
  if (view.replicas) {
    const managedFields = scaleManagedFields(current.object.metadata.managedFields as unknown as JsonValue, view.replicas);
    if (managedFields.length > 0) shown.metadata.managedFields = managedFields;
  }
  return shown as unknown as JsonObject;
}

/** Gives an object the owners that an apply has left its Scale with. */
function ownAfterScale({ metadata }: KubeObject, ofScale: KubeObject['metadata']['managedFields'], replicas: readonly string[], apiVersion: string): void {
  const managedFields = managedFieldsAfterScale(metadata.managedFields as unknown as JsonValue, ofScale as unknown as JsonValue, replicas, apiVersion);
  if (managedFields.length > 0) metadata.managedFields = managedFields;
  else delete metadata.managedFields;
}

/** An apply that creates needs all that names the object. */
function requireName(config: JsonObject, { namespace, name }: PatchTarget): void {
  const metadata = (config['metadata'] ??= {}) as JsonObject;
  metadata['name'] ??= name;
  if (namespace !== '') metadata['namespace'] ??= namespace;
}
