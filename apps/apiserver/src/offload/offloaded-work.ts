import {
  applyJsonPatch, applyMergePatch, applyStrategicMergePatch, decodeUntypedObject, type FieldError, type IgnoredFields, ignoredFieldsOf, type JsonObject,
  type JsonValue, type ResetFields, serverSideApply, type StructType, trackUpdate,
} from '@navarch/apimachinery';
import { type CustomResourceDefinition, validateDefinition, type Written } from '@navarch/custom-resources';
import { type KindSource, typeOfSource, versionOfSource } from './kind-source';
import { pack, type PackedJson, unpack } from './packed-json';

/** Who writes, as `FieldWriter` of apimachinery; the fields that the endpoint resets go by name. */
interface Writer {
  readonly kind: KindSource;
  readonly live: PackedJson | undefined;
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly now: number;
  readonly reset: ResetFields;
}

function writerOf({ live, manager, apiVersion, subresource, now, reset }: Writer): {
  live: JsonObject | undefined;
  manager: string;
  apiVersion: string;
  subresource: string;
  now: number;
  ignored: IgnoredFields;
} {
  return { live: live && unpack<JsonObject>(live), manager, apiVersion, subresource, now, ignored: ignoredFieldsOf(reset) };
}

function apply(work: Writer & { readonly config: PackedJson; readonly force: boolean }): { object: PackedJson; changed: boolean } {
  const { object, changed } = serverSideApply({ ...writerOf(work), config: unpack(work.config), type: typeOfSource(work.kind), force: work.force });
  return { object: pack(object), changed };
}

/** Gives the managedFields. */
function track(work: Writer & { readonly next: PackedJson }): JsonValue | undefined {
  const { metadata } = trackUpdate({ ...writerOf(work), next: unpack(work.next), type: typeOfSource(work.kind) });
  return (metadata as JsonObject | undefined)?.['managedFields'];
}

/** What a patch makes of a document. */
export function patched(document: JsonObject, patch: JsonValue, type: 'json' | 'merge' | 'strategic', kind: StructType): JsonObject {
  if (type === 'json') return applyJsonPatch(document, patch);
  return type === 'merge' ? applyMergePatch(document, patch) : applyStrategicMergePatch(document, patch, kind);
}

function patch({
  kind,
  type,
  document,
  patch: given,
}: {
  readonly kind: KindSource;
  readonly type: 'json' | 'merge' | 'strategic';
  readonly document: PackedJson;
  readonly patch: PackedJson;
}): PackedJson {
  return pack(patched(unpack(document), unpack(given), type, typeOfSource(kind)));
}

function validateCustom({
  kind,
  object,
  old,
  written,
}: {
  readonly kind: KindSource;
  readonly object: PackedJson;
  readonly old: PackedJson | undefined;
  readonly written: Written;
}): { errors: FieldError[]; warnings: readonly string[] } {
  const warnings: string[] = [];
  const errors = versionOfSource(kind).validate(unpack(object), old && unpack<JsonObject>(old), written, (text) => warnings.push(text));
  return { errors, warnings };
}

function checkDefinition({ definition, old }: { readonly definition: PackedJson; readonly old: PackedJson | undefined }): FieldError[] {
  return validateDefinition(unpack(definition), old && unpack<CustomResourceDefinition>(old));
}

function decodeYaml({ body }: { readonly body: Uint8Array }): { object: PackedJson; reports: readonly string[] } {
  const { object, reports } = decodeUntypedObject(body, 'yaml');
  return { object: pack(object), reports };
}

/**
 * Work that costs so much on large objects that it would hold up everybody else: pure functions by name, which give the same in
 * whatever thread they run. What they take and give can be cloned; large JSON goes packed.
 */
export const offloadedWork = { apply, checkDefinition, decodeYaml, patch, track, validateCustom } as const;

export type WorkName = keyof typeof offloadedWork;
export type WorkInput<W extends WorkName> = Parameters<(typeof offloadedWork)[W]>[0];
export type WorkOutput<W extends WorkName> = ReturnType<(typeof offloadedWork)[W]>;

/** Somewhere to have work done. */
export interface Offload {
  /** @throws what the work throws; tooManyRequests when too much is waiting, timeout when it takes too long */
  run<W extends WorkName>(work: W, input: WorkInput<W>): Promise<WorkOutput<W>>;
}

/** Does the work at once. */
export function perform<W extends WorkName>(work: W, input: WorkInput<W>): WorkOutput<W> {
  return (offloadedWork[work] as (input: WorkInput<W>) => WorkOutput<W>)(input);
}

/** Where there are no other threads, or none are worth their start. */
export const inThisThread: Offload = {
  run: (work, input) => Promise.resolve().then(() => perform(work, input)),
};
