import type { KubeObject } from '@navarch/api';
import { alreadyExists, ApiError, badRequest, cloneJson, formatTime, generateName, generateNameConflict, invalid, type JsonObject } from '@navarch/apimachinery';
import { randomUUID } from 'node:crypto';
import type { AdmissionAttributes } from '../pipeline';
import { askedAs } from './asked-as';
import { admitChanges } from './admit-changes';
import { commitPut } from './commit-put';
import type { CompanionWrite } from './companions';
import { findFresh } from './freshness';
import { dedupeOwners } from './owner-references';
import { ownStrategy } from './own-strategy';
import type { Cached, ResourceStore } from './resource-store';
import { guarded } from './store-failure';
import { managerOf, strategyContextOf, type WriteContext, writeOptionsOf } from './write-context';
import { cachedForm, putOp } from './write-outcome';

/** As upstream: a generated name is tried this often before the client is told to. */
const ATTEMPTS = 8;

/** Sets or checks the namespace that the URL names; what is of the cluster loses its own, as upstream's EnsureObjectNamespaceMatchesRequestNamespace. @throws badRequest */
export function settleNamespace(resource: ResourceStore, object: KubeObject, namespace: string): void {
  const { metadata } = object;
  if (!resource.definition.namespaced) {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace === undefined || metadata.namespace === '') metadata.namespace = namespace;
  else if (metadata.namespace !== namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
}

/** How a creation came about. */
export interface CreateOrigin {
  /** managedFields are already those of the result (server-side apply). */
  readonly managedFieldsDone?: boolean;
  /** The request was a PUT or PATCH of what turned out to be missing. */
  readonly viaUpdate?: boolean;
}

function admissionFor(resource: ResourceStore, object: KubeObject, context: WriteContext, viaUpdate: boolean): AdmissionAttributes {
  const { group, storageVersion: version, resource: plural, kind, namespaced } = resource.definition;
  const { namespace = '', name = '' } = object.metadata;
  // Here and for updates all members are named: on the path of every write, spreads cost more than all that admission does with it.
  const { user, dryRun, warn, annotate, requested, abandonment } = context;
  return {
    operation: 'CREATE', group, version, resource: plural, subresource: '', kind, namespaced,
    namespace: group === '' && plural === 'namespaces' ? name : namespace,
    name, object, oldObject: undefined,
    options: writeOptionsOf(context), user, dryRun, warn, annotate, requested, abandonment, viaUpdate,
  };
}

const SYSTEM_FIELDS = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink'] as const;

/** Takes away what only the server sets. */
function wipeSystemFields({ metadata }: KubeObject): void {
  for (const field of SYSTEM_FIELDS) if (field in metadata) delete metadata[field];
}

function setSystemFields(object: KubeObject, nowMs: number): void {
  wipeSystemFields(object);
  object.metadata.uid = randomUUID();
  object.metadata.creationTimestamp = formatTime(nowMs);
}

/** What upstream's storage says, in the middle of things: after admission and validation, and not at all to a dry run. @throws ApiError 500 */
function requireNoVersion({ metadata: { resourceVersion = '' } }: KubeObject): void {
  if (/^\d+$/.test(resourceVersion) && Number(resourceVersion) > 0) throw new ApiError({ code: 500, reason: '', message: 'resourceVersion should not be set on objects to be created' });
}

/** With a generateName, who also gave a name is told the same as who did not: upstream's CheckGeneratedNameError. */
function alreadyThere(resource: ResourceStore, { requested }: WriteContext, { name = '', generateName: base = '' }: KubeObject['metadata'], present: Cached | undefined): ApiError {
  const asked = askedAs(resource.groupResource, requested);
  const error = base === '' ? alreadyExists(asked, name) : generateNameConflict(asked, name, 1);
  if (present?.object.metadata.deletionTimestamp === undefined) return error;
  return new ApiError({ code: error.code, reason: 'AlreadyExists', message: `object is being deleted: ${error.message}`, details: error.status.details });
}

/**
 * Creates an object of the storage version, which becomes the registry's own. @throws ApiError: alreadyExists, invalid, badRequest,
 * and whatever admission refuses
 */
export async function create(resource: ResourceStore, asked: KubeObject, context: WriteContext, { managedFieldsDone = false, viaUpdate = false }: CreateOrigin = {}): Promise<Cached> {
  const { definition, deps } = resource;
  const { name: askedName = '', generateName: base = '' } = asked.metadata;
  const generated = askedName === '' && base !== '';
  // Before anybody sees it: neither admission nor managedFields are to know what a client made up.
  wipeSystemFields(asked);
  dedupeOwners(asked, context);
  if (!managedFieldsDone) await resource.fieldManager.track(asked, undefined, managerOf(context), '', deps.clock.now());
  const attributes = context.trusted ? undefined : admissionFor(resource, asked, context, viaUpdate);
  await admitChanges(deps.admission, attributes, asked, context);
  const strategyContext = strategyContextOf(context, deps.clock.now(), deps.isOpen);
  const strategy = ownStrategy(resource, context);
  // As upstream, a generated name is there before the rest is prepared, which may tell it, as the labels of a Job's pods do; so each try prepares a copy.
  const prepared = (): KubeObject => {
    const object = generated ? (cloneJson(asked as unknown as JsonObject) as unknown as KubeObject) : asked;
    setSystemFields(object, strategyContext.nowMs);
    if (generated) object.metadata.name = generateName(base);
    strategy.prepareForCreate?.(object, strategyContext);
    return object;
  };
  let object = prepared();
  const checked = attributes && generated ? { ...attributes, name: object.metadata.name ?? '', object } : attributes;
  for (let attempt = 1; ; attempt++) {
    if (generated && attempt > 1) object = prepared();
    const { metadata } = object;
    const name = metadata.name ?? '';
    let companions: CompanionWrite | undefined;
    try {
      const own = strategy.validate?.(object, strategyContext) ?? [];
      const errors = own.length > 0 ? own : ((await definition.further?.['']?.(object, undefined, context.requested?.version, context.warn)) ?? []);
      if (errors.length > 0) throw invalid({ group: definition.group, kind: definition.kind }, name, errors);
      if (attempt === 1 && !context.trusted) for (const text of strategy.warnings?.(object, undefined) ?? []) context.warn(text);
      if (checked && attempt === 1) await deps.admission.validate(checked);
      if (!context.dryRun) requireNoVersion(object);
      companions = await resource.companions?.onCreate(object);
      const key = resource.key(metadata.namespace ?? '', name);
      const json = resource.encode(object);
      if (context.dryRun) {
        const present = resource.objects.get(key);
        if (present) throw alreadyThere(resource, context, metadata, present);
        return cachedForm(resource, key, json, 0);
      }
      const put = await putOp(resource, key, json, 0);
      const outcome = await guarded(resource.groupResource, 'create', () => commitPut(resource, put, object, companions, context));
      if (outcome.ok) return outcome.object;
      // The loser may have been one of the companions: then another choice is tried.
      const taken = companions === undefined || (await findFresh(resource, key)) !== undefined;
      if (taken && !generated) throw alreadyThere(resource, context, metadata, resource.objects.isReady ? resource.objects.get(key) : undefined);
      if (attempt >= ATTEMPTS) throw generateNameConflict(askedAs(resource.groupResource, context.requested), name, 1);
      companions?.undo();
    } catch (error) {
      if (checked) deps.admission.undo(checked);
      throw error;
    } finally {
      companions?.release();
    }
  }
}
