import type { KubeObject, Strategy } from '@navarch/api';
import { ApiError, badRequest, conflict, fieldErrors, FieldPath, goQuote, immutableMessage, invalid, isConflict, notFound } from '@navarch/apimachinery';
import { revisionOf } from '@navarch/storage';
import type { AdmissionAttributes, VersionedKind } from '../pipeline';
import { askedAs } from './asked-as';
import { admitChanges } from './admit-changes';
import { commitPut } from './commit-put';
import type { CompanionWrite } from './companions';
import { create } from './create';
import { findFresh } from './freshness';
import { dedupeOwners } from './owner-references';
import { readyToGo } from './deletion-state';
import { lostTo, removeNow } from './remove';
import type { CostlyRule } from './resource-definition';
import type { Cached, ResourceStore } from './resource-store';
import { requireSameObject } from './same-object';
import { guarded } from './store-failure';
import { ownStrategy } from './own-strategy';
import { managerOf, strategyContextOf, type WriteContext, writeOptionsOf } from './write-context';
import { cachedForm, putOp, sameContent } from './write-outcome';

/** What admission sees of a subresource that shows another kind than the object's. */
export interface ShownKind {
  readonly kind: VersionedKind;
  /** Of an object of the storage version, which stays as it is. */
  show(object: KubeObject): KubeObject;
}

/** Lets mutating admission see, and change, what a client sends to a subresource with a kind of its own. */
export type AdmitShown = (shown: KubeObject) => Promise<void>;

/** What is to become of an object. */
export interface Change {
  readonly namespace: string;
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /**
   * Makes the new object (of the storage version, the registry's own) from the present one, which it must not change; called again
   * when another writer was faster. Absent: a PUT that creates. With `shownAs`, what the client sends goes through `admit` first.
   */
  compute(current: Cached | undefined, admit: AdmitShown): KubeObject | Promise<KubeObject>;
  /** Absent: admission sees the whole object. */
  readonly shownAs?: ShownKind;
  /** Whether an object that does not exist is created: PUT for some kinds, and server-side apply. */
  readonly createsMissing: boolean;
  /** managedFields are already those of the result (server-side apply). */
  readonly managedFieldsDone?: boolean;
  /** What the client sent is a change, not the whole: a uid that it changes breaks a rule, rather than naming another object. */
  readonly isPatch?: boolean;
  /** How authorisation knows the request. Absent: `update`. */
  readonly verb?: 'patch';
  /** Compared with the present object. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface Changed {
  readonly object: Cached;
  readonly created: boolean;
}

/** A bound against writers that never let us win; upstream's contexts end sooner. */
const ATTEMPTS = 50;

function strategyFor(resource: ResourceStore, subresource: string, context: WriteContext): Strategy {
  return subresource === '' ? ownStrategy(resource, context) : (resource.definition.subresources[subresource] ?? resource.definition.strategy);
}

/** A subresource without a strategy of its own is written as the object is. */
function furtherFor({ definition: { further, subresources } }: ResourceStore, subresource: string): CostlyRule | undefined {
  return further?.[subresource in subresources ? subresource : ''];
}

function admissionFor(resource: ResourceStore, change: Change, object: KubeObject, old: KubeObject, context: WriteContext): AdmissionAttributes {
  const { group, storageVersion: version, resource: plural, kind, namespaced } = resource.definition;
  const { shownAs, verb } = change;
  const { user, dryRun, warn, annotate, requested, abandonment } = context;
  return {
    operation: 'UPDATE', group, version, resource: plural, subresource: change.subresource, kind, namespaced,
    namespace: group === '' && plural === 'namespaces' ? change.name : change.namespace,
    name: change.name, object, oldObject: shownAs ? shownAs.show(old) : old,
    options: writeOptionsOf(context), objectKind: shownAs?.kind, verb, user, dryRun, warn, annotate, requested, abandonment,
  };
}

/** Checks and completes the metadata that a client sends with an update. */
function settleMetadata(resource: ResourceStore, change: Change, object: KubeObject, current: Cached): void {
  const { metadata } = object;
  const old = current.object.metadata;
  if ((metadata.name ?? '') === '') metadata.name = change.name;
  requireSameObject(object, resource.definition.namespaced ? change.namespace : '', change.name);
  if (resource.definition.namespaced) metadata.namespace = change.namespace;
  else delete metadata.namespace;
  if (old.uid !== undefined) metadata.uid = old.uid;
  // What an update leaves out, or may not change, stays.
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) {
    if (old[field] !== undefined) (metadata as Record<string, unknown>)[field] = old[field];
    else if (field in metadata) delete metadata[field];
  }
  if (metadata.generateName === undefined && old.generateName !== undefined) metadata.generateName = old.generateName;
  delete metadata.selfLink;
}

/** The text of upstream's storage for an object that is another than the client means. */
const otherObject = (key: string, asked: string, uid: string): string =>
  `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${asked}, UID in object meta: ${uid}`;

/** @throws conflict, or invalid for a patch, when the client's uid is not that of the object */
function requireUid(resource: ResourceStore, change: Change, object: KubeObject, current: Cached, context: WriteContext): void {
  const { definition: { group, kind } } = resource;
  const { uid = '' } = current.object.metadata;
  const asked = object.metadata.uid ?? '';
  if (change.isPatch === true && asked !== '' && asked !== uid) throw invalid({ group, kind }, change.name, [fieldErrors.invalid(FieldPath.of('metadata', 'uid'), asked, immutableMessage)]);
  for (const wanted of [change.preconditions?.uid ?? '', asked])
    if (wanted !== '' && wanted !== uid) throw conflict(askedAs(resource.groupResource, context.requested), change.name, otherObject(current.key, wanted, uid));
}

/** @throws ApiError 500 for what is no version, in the words of Go's parser, as upstream hands them on */
function requireReadableVersion({ metadata: { resourceVersion = '' } }: KubeObject): void {
  if (!/^\d*$/.test(resourceVersion)) throw new ApiError({ code: 500, reason: '', message: `strconv.ParseUint: parsing ${goQuote(resourceVersion)}: invalid syntax` });
}

/** @throws conflict when the client's version is not the present one in full (rules 1.8) */
function requireVersion(resource: ResourceStore, change: Change, object: KubeObject, current: Cached, context: WriteContext): void {
  const named = askedAs(resource.groupResource, context.requested);
  const asked = object.metadata.resourceVersion ?? '';
  if (asked === '' || asked === '0') {
    // Upstream names the resource where the kind should stand.
    if (!resource.definition.unconditionalUpdate) {
      throw invalid({ group: named.group, kind: named.resource }, change.name, [
        fieldErrors.invalid(FieldPath.of('metadata', 'resourceVersion'), 0, 'must be specified for an update'),
      ]);
    }
  } else if (asked !== String(current.resourceVersion)) throw conflict(named, change.name);
  object.metadata.resourceVersion = String(current.resourceVersion);
  const { preconditions } = change;
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== String(current.resourceVersion)) throw conflict(named, change.name);
}

async function attempt(resource: ResourceStore, change: Change, current: Cached, context: WriteContext): Promise<Cached | { lost: Cached | undefined }> {
  const { definition, deps } = resource;
  const old = (resource.settled ? await resource.settled(current) : current.object) as KubeObject;
  const { shownAs } = change;
  const object = await change.compute(current, async (shown) => {
    if (!context.trusted) await deps.admission.mutate(admissionFor(resource, change, shown, old, context));
  });
  requireUid(resource, change, object, current, context);
  requireReadableVersion(object);
  requireVersion(resource, change, object, current, context);
  settleMetadata(resource, change, object, current);
  // Of patches, owners are looked at once, after admission.
  if (change.verb !== 'patch') dedupeOwners(object, context);
  const nowMs = deps.clock.now();
  if (change.managedFieldsDone !== true) await resource.fieldManager.track(object, old, managerOf(context), change.subresource, nowMs);
  const whole = context.trusted || shownAs ? undefined : admissionFor(resource, change, object, old, context);
  await admitChanges(deps.admission, whole, object, context);
  const strategy = strategyFor(resource, change.subresource, context);
  const strategyContext = strategyContextOf(context, nowMs, deps.isOpen);
  strategy.prepareForUpdate?.(object, old, strategyContext);
  let companions: CompanionWrite | undefined;
  let attributes: AdmissionAttributes | undefined;
  try {
    const own = strategy.validateUpdate?.(object, old, strategyContext) ?? [];
    const errors = own.length > 0 ? own : ((await furtherFor(resource, change.subresource)?.(object, old, context.requested?.version, context.warn)) ?? []);
    if (errors.length > 0) throw invalid({ group: definition.group, kind: definition.kind }, change.name, errors);
    if (!context.trusted) for (const text of strategy.warnings?.(object, old) ?? []) context.warn(text);
    attributes = shownAs && !context.trusted ? admissionFor(resource, change, shownAs.show(object), old, context) : whole;
    if (attributes) await deps.admission.validate(attributes);
    if (readyToGo(resource, object)) return await removeNow(resource, current, context, object);
    companions = await resource.companions?.onUpdate(object, current);
    const json = resource.encode(object);
    if (sameContent(resource, current, json, object) && (companions?.ops.length ?? 0) === 0) return current;
    if (context.dryRun) return cachedForm(resource, current.key, json, current.resourceVersion);
    const put = await putOp(resource, current.key, json, revisionOf(current.resourceVersion));
    const outcome = await commitPut(resource, put, object, companions, context, () => resource.updated?.(object, old, change.subresource));
    if (outcome.ok) return outcome.object;
    if (attributes) deps.admission.undo(attributes);
    return await lostTo(resource, current.key, outcome.current[0]);
  } catch (error) {
    if (attributes) deps.admission.undo(attributes);
    throw error;
  } finally {
    companions?.release();
  }
}

async function createMissing(resource: ResourceStore, change: Change, context: WriteContext): Promise<Changed> {
  const object = await change.compute(undefined, () => Promise.resolve());
  const { metadata } = object;
  requireReadableVersion(object);
  // An update that names a uid was meant for an object that is gone; one with a version creates all the same, as upstream.
  const uid = metadata.uid ?? '';
  if (uid !== '' && change.managedFieldsDone === true) {
    throw conflict(
      askedAs(resource.groupResource, context.requested),
      change.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  }
  if (uid !== '') throw conflict(askedAs(resource.groupResource, context.requested), change.name, otherObject(resource.key(change.namespace, change.name), uid, ''));
  delete metadata.resourceVersion;
  metadata.name ??= change.name;
  if (metadata.name !== change.name) throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${change.name})`);
  if (resource.definition.namespaced) metadata.namespace ??= change.namespace;
  else delete metadata.namespace;
  return { object: await create(resource, object, context, { managedFieldsDone: change.managedFieldsDone === true, viaUpdate: true }), created: true };
}

/** Changes an object: PUT, PATCH, server-side apply, status and other views of it, binding. */
export function update(resource: ResourceStore, change: Change, context: WriteContext): Promise<Changed> {
  const key = resource.key(change.namespace, change.name);
  return resource.locks.run(key, () => guarded(resource.groupResource, 'update', () => converge(resource, key, change, context)));
}

async function converge(resource: ResourceStore, key: string, change: Change, context: WriteContext): Promise<Changed> {
  if (!resource.objects.isReady) await resource.objects.ready();
  let current = resource.objects.get(key);
  // The cache may lag behind other servers' writes: before it refuses anything, it is made fresh once (rules 6.2).
  let confirmed = false;
  for (let tries = 0; tries < ATTEMPTS; tries++) {
    if (!current && !confirmed) {
      confirmed = true;
      current = await findFresh(resource, key);
    }
    if (!current) {
      if (!change.createsMissing) throw notFound(askedAs(resource.groupResource, context.requested), change.name);
      return createMissing(resource, change, context);
    }
    const present: Cached = current;
    try {
      const result = await attempt(resource, change, present, context);
      if (!('lost' in result)) return { object: result, created: false };
      current = result.lost;
      confirmed = true;
    } catch (error) {
      if (confirmed || !isConflict(error)) throw error;
      confirmed = true;
      const fresh = await findFresh(resource, key);
      if (fresh?.resourceVersion === present.resourceVersion) throw error;
      current = fresh;
    }
  }
  throw conflict(askedAs(resource.groupResource, context.requested), change.name);
}
