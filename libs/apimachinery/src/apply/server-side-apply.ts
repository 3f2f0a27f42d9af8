import { ApiError, badRequest } from '../errors';
import { equalJson, getMember, isJsonObject, plainText, type JsonObject } from '../json';
import { formatGroupVersionKind, parseGroupVersion } from '../names/group-version';
import { type StructType } from '../schema';
import { formatTime } from '../text/time';
import { checkConfig } from './check-config';
import { isSame } from './compare-typed';
import { FieldSet } from './field-set';
import { fieldsOfNew } from './fields-of-new';
import { alwaysIgnored, type IgnoredFields, ownable, unowned, withoutIgnored } from './ignored-fields';
import { followsClientSideApply, ownedByClientSideApply, withLastApplied } from './last-applied';
import { managedFieldsOf, withEntries, withManagedFields, withoutManagedFields } from './object-managed-fields';
import { capUpdaters, ownersBeforeFirstApply } from './manager-limits';
import { decodeManagedFields, encodeManagedFields, managerKey, type Manager, type Owners, type Ownership } from './managed-fields';
import { OwnedFields } from './owned-fields';
import { mergeTyped } from './merge-typed';
import { prune } from './prune';
import { toFieldSet } from './to-field-set';
import { takeFromOthers, unionOfFields } from './update-owners';

/** Who writes, when, and what its writes do not own. */
export interface FieldWriter {
  readonly manager: string;
  /** `apps/v1`: the version of the request. */
  readonly apiVersion: string;
  readonly subresource?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Fields that this endpoint resets, so that nobody owns them through it: status of the main resource. */
  readonly ignored?: IgnoredFields;
}

/** An apply patch on an object; without `live` it makes a new one. */
export interface ApplyRequest extends FieldWriter {
  readonly live: JsonObject | undefined;
  readonly config: JsonObject;
  readonly type: StructType;
  readonly force: boolean;
}

/** The object to default, validate and write. `changed` is false when the apply does nothing: then it is the live one. */
export interface Applied {
  readonly object: JsonObject;
  readonly changed: boolean;
}

/**
 * Server-side apply: lays the configuration over the live object, removes what this manager no longer names and nobody else owns,
 * and records ownership in `metadata.managedFields`. Neither object is changed.
 * @throws ApiError Conflict when others own what would change, BadRequest and others for a bad configuration
 */
export function serverSideApply(request: ApplyRequest): Applied {
  const { live = {}, config, type } = request;
  checkRequest(request);
  const before = withoutManagedFields(live);
  const owners = new Map(ownersBeforeFirstApply(decodeManagedFields(managedFieldsOf(live), true) ?? new Map<string, Ownership>(), before, request.live !== undefined, type));
  const { ignored } = request;
  const manager: Manager = { name: request.manager, operation: 'Apply', apiVersion: request.apiVersion, subresource: request.subresource ?? '' };
  const key = managerKey(manager);
  const previous = owners.get(key);

  const named = toFieldSet(config, type);
  const fields = ownable(named, ignored);
  owners.set(key, { manager, fields: OwnedFields.of(fields), time: previous?.time });
  const merged = mergeTyped(before, config, type) as JsonObject;
  // The name and what else nobody ever owns stays with whom names it now, though all that was owned beside it may go.
  const kept = unionOfFields(owners.values()).union(ignored ? withoutIgnored(named, ignored) : named);
  const pruned = prune(merged, previous?.fields.set ?? new FieldSet(), kept, type);
  const upgrades = followsClientSideApply(request.manager);
  const comparison = takeFromOthers(owners, key, before, pruned, type, ignored, request.force, upgrades ? () => ownedByClientSideApply(before, type) : undefined);
  const next = upgrades ? withLastApplied(pruned, config) : pruned;
  if (fields.empty) owners.delete(key);

  const unchangedOwner = previous ? previous.fields.set.equals(fields) && previous.manager.apiVersion === manager.apiVersion : fields.empty;
  if (request.live !== undefined && unchangedOwner && isSame(comparison) && equalJson(before, next)) return { object: live, changed: false };
  // Who becomes an owner of what is there already has changed nothing, and has no time, as upstream.
  if (owners.has(key)) owners.set(key, { manager, fields: OwnedFields.of(fields), time: request.live !== undefined && isSame(comparison) ? previous?.time : formatTime(request.now) });
  return { object: withManagedFields(next, owners), changed: true };
}

/** A write that is no apply. */
export interface UpdateRequest extends FieldWriter {
  /** The state before; undefined for a create. */
  readonly live: JsonObject | undefined;
  /** The state to be written, defaulted and prepared; its managedFields are what the client sent. */
  readonly next: JsonObject;
  readonly type: StructType;
}

/** Gives the object with its new `metadata.managedFields`; `next` is not changed. */
export function trackUpdate(request: UpdateRequest): JsonObject {
  return withEntries(withoutManagedFields(request.next), trackedManagers(request));
}

/**
 * Records what an update, patch or create changed as owned by its writer, and takes it from others.
 * Gives the new `metadata.managedFields` of the object, or none at all.
 */
export function trackedManagers(request: UpdateRequest): JsonObject[] {
  const { live = {}, next, type } = request;
  const owners = new Map(ownersToUpdate(request, live, next));
  const { ignored } = request;
  if (request.live === undefined && owners.size === 0 && (ignored === undefined || ignored instanceof FieldSet))
    return ownedByCreator(request, fieldsOfNew(next, type, ignored ? unowned(ignored) : alwaysIgnored));
  const after = withoutManagedFields(next);
  // Nobody keeps track of an object whose managedFields somebody has reset, until it is applied again.
  if (request.live !== undefined && owners.size === 0) return [];
  const self = 'current-operation';
  const comparison = takeFromOthers(owners, self, withoutManagedFields(live), after, type, ignored, true);
  const taken = comparison.modified.union(comparison.added);
  if (!taken.empty) {
    const manager = updaterOf(request);
    const key = managerKey(manager);
    const present = owners.get(key);
    owners.set(key, { manager, fields: OwnedFields.of(present ? present.fields.set.union(taken) : taken), time: formatTime(request.now) });
  }
  return encodeManagedFields(capUpdaters(owners));
}

const updaterOf = ({ manager: name, apiVersion, subresource = '' }: FieldWriter): Manager => ({ name, operation: 'Update', apiVersion, subresource });

/** The one entry of a new object: who makes it owns all of it that can be owned. */
function ownedByCreator(request: FieldWriter, fieldsV1: JsonObject): JsonObject[] {
  if (Object.keys(fieldsV1).length === 0) return [];
  const manager = updaterOf(request);
  return encodeManagedFields(new Map([[managerKey(manager), { manager, fields: OwnedFields.lazily(fieldsV1), time: formatTime(request.now) }]]));
}

/** A client may set managedFields itself, reset them with no entry or one empty entry, or, knowing nothing of them, leave them out. */
function ownersToUpdate({ subresource = '' }: FieldWriter, live: JsonObject, next: JsonObject): Owners {
  const ofLive = decodeManagedFields(managedFieldsOf(live), true) ?? new Map<string, Ownership>();
  if (subresource !== '') return ofLive;
  const given = managedFieldsOf(next);
  // Nearly always the client sends back what it was given.
  if (given === undefined || equalJson(given, managedFieldsOf(live))) return ofLive;
  if (Array.isArray(given) && (given.length === 0 || (given.length === 1 && equalJson(given[0], {})))) return new Map<string, Ownership>();
  const ofNext = decodeManagedFields(given);
  return ofNext === undefined || ofNext.size === 0 ? ofLive : ofNext;
}

function checkRequest({ config, apiVersion, type }: ApplyRequest): void {
  const given = getMember(config, 'apiVersion') ?? '';
  if (given !== apiVersion) throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${plainText(given)}, expected: ${apiVersion}`);
  if (managedFieldsOf(config) !== undefined) throw badRequest('metadata.managedFields must be nil');
  const problems = checkConfig(config, type);
  if (problems.length === 0) return;
  const metadata = getMember(config, 'metadata');
  const name = (field: string): string => { const value = isJsonObject(metadata) ? metadata[field] : ''; return typeof value === 'string' ? value : ''; };
  const kind = getMember(config, 'kind');
  const gvk = formatGroupVersionKind({ ...(parseGroupVersion(apiVersion) ?? { group: '', version: apiVersion }), kind: typeof kind === 'string' ? kind : '' });
  const what = problems.length === 1 ? (problems[0] ?? '') : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  throw new ApiError({ code: 500, reason: '', message: `failed to create typed patch object (${name('namespace')}/${name('name')}; ${gvk}): ${what}` });
}
