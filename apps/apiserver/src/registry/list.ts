import { ApiError, timeout } from '@navarch/apimachinery';
import { slices } from '@navarch/clock';
import { isStoreError, type ResourceVersion, revisionOf, StoreError, type StoredValue } from '@navarch/storage';
import { type ContinueToken, decodeContinue, encodeContinue, withVersion } from './continue-token';
import { catchUp } from './freshness';
import type { ListOptions } from './list-options';
import { lookUp } from './looked-up';
import type { Cached, ResourceStore } from './resource-store';
import { type Selection } from './selection';
import { guarded } from './store-failure';

export interface ListResult {
  readonly objects: Cached[];
  readonly version: ResourceVersion;
  readonly continue: string;
  /** How many follow, where that is known. */
  readonly remaining: number | undefined;
}

/** How many values one exact read takes from the store at a time. */
const PAGE = 500;
const SLICE_FROM = 1000;

const EXPIRED_TOKEN =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** All that a list is about: the resource, a namespace or all, and what is selected. */
interface Scope {
  readonly resource: ResourceStore;
  readonly prefix: string;
  readonly namespace: string;
  readonly selection: Selection;
  readonly limit: number;
}

/** First index of a sorted list whose key is not below `key`. */
function lowerBound(objects: readonly Cached[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((objects[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function candidates({ resource, prefix, namespace, selection }: Scope): Cached[] {
  const { name, node } = selection;
  if (name !== undefined && (namespace !== '' || !resource.definition.namespaced)) {
    const one = resource.objects.get(resource.key(namespace, name));
    return one ? [one] : [];
  }
  if (node !== undefined && node !== '' && resource.objects.resource.hasNodes) {
    const all = resource.objects.listNode(node);
    return namespace === '' ? all : all.filter((object) => object.key.startsWith(prefix));
  }
  return resource.objects.list(prefix);
}

async function selected(objects: Cached[], selection: Selection): Promise<Cached[]> {
  if (selection.isEverything) return objects;
  await selection.prepare?.(objects);
  if (objects.length <= SLICE_FROM) return objects.filter((object) => selection.matches(object));
  const found: Cached[] = [];
  await slices(objects, (object) => {
    if (selection.matches(object)) found.push(object);
  });
  return found;
}

function page(scope: Scope, matching: Cached[], version: ResourceVersion): ListResult {
  const { limit, prefix, selection } = scope;
  if (limit === 0 || matching.length <= limit) return { objects: matching, version, continue: '', remaining: undefined };
  const objects = matching.slice(0, limit);
  const last = objects[limit - 1]?.key ?? '';
  return {
    objects,
    version,
    continue: encodeContinue({ version, start: `${last.slice(prefix.length)}\0` }),
    remaining: selection.isEverything ? matching.length - limit : undefined,
  };
}

async function fromCache(scope: Scope, version: ResourceVersion, start = ''): Promise<ListResult> {
  let objects = candidates(scope);
  if (start !== '') objects = objects.slice(lowerBound(objects, scope.prefix + start));
  return page(scope, await selected(objects, scope.selection), version);
}

/** One after the other, as far as they are asked for, unless they have to be converted before they can be selected. */
async function selectable({ objects }: ResourceStore, values: readonly StoredValue[], selection: Selection): Promise<Iterable<Cached>> {
  if (!selection.prepare) return (function* () { for (const value of values) yield objects.objectFrom(value); })();
  const all = values.map((value) => objects.objectFrom(value));
  await selection.prepare(all);
  return all;
}

/** Reads the past from the store: pages of the prefix at one revision until the limit is full. */
async function fromStore(scope: Scope, version: ResourceVersion, start = ''): Promise<ListResult> {
  const { resource, prefix, selection, limit } = scope;
  const revision = revisionOf(version);
  // Of before the first revision nothing is kept; to the store it would mean now.
  if (revision === 0) throw new StoreError('compacted', 'before the first revision');
  const objects: Cached[] = [];
  let fromKey = prefix + start;
  for (;;) {
    const read = await resource.deps.store.range(prefix, { revision, fromKey, limit: limit === 0 ? PAGE : Math.min(PAGE, Math.max(limit + 1, 2)) });
    let seen = 0;
    for (const object of await selectable(resource, read.values, selection)) {
      if (selection.matches(object)) {
        if (limit > 0 && objects.length === limit) {
          const last = objects[limit - 1]?.key ?? '';
          const remaining = selection.isEverything ? read.count - seen : undefined;
          return { objects, version, continue: encodeContinue({ version, start: `${last.slice(prefix.length)}\0` }), remaining };
        }
        objects.push(object);
      }
      seen++;
      fromKey = `${object.key}\0`;
    }
    if (!read.more || read.values.length === 0) return { objects, version, continue: '', remaining: undefined };
  }
}

/** Whether the cache still shows the resource as it was at a version. */
function unchangedSince({ resource }: Scope, version: ResourceVersion): boolean {
  return resource.objects.isReady && !resource.objects.hasUnreadable(resource.prefix) && resource.objects.lastVersion <= version && version <= resource.deps.cache.version;
}

async function exactly(scope: Scope, version: ResourceVersion, start = ''): Promise<ListResult> {
  if (unchangedSince(scope, version)) return fromCache(scope, version, start);
  return fromStore(scope, version, start);
}

async function continued(scope: Scope, { version, start }: ContinueToken): Promise<ListResult> {
  const { resource } = scope;
  if (version === -1) {
    if (!(await catchUp(resource, undefined))) throw timeout('the cache is behind');
    return fromCache(scope, resource.deps.cache.version, start);
  }
  try {
    return await exactly(scope, version, start);
  } catch (error) {
    if (!isStoreError(error, 'compacted')) throw error;
    const again = new ApiError({ code: 410, reason: 'Expired', message: EXPIRED_TOKEN });
    again.status.metadata = { ...again.status.metadata, continue: encodeContinue({ version: -1, start }) };
    throw again;
  }
}

/** Lists objects by upstream's table of resourceVersion, resourceVersionMatch, limit and continue. */
export async function list(resource: ResourceStore, namespace: string, options: ListOptions, selection: Selection): Promise<ListResult> {
  const prefix = namespace === '' ? resource.prefix : `${resource.prefix}${namespace}/`;
  const { resourceVersion: version, resourceVersionMatch: match } = options;
  const scope: Scope = { resource, prefix, namespace, selection, limit: options.limit };
  return guarded(resource.groupResource, 'list', async () => {
    // Nobody can go on with what is another the next time: it comes whole.
    if (resource.lookedUp) return page({ ...scope, limit: 0 }, await selected(await lookUp(resource, resource.lookedUp), selection), resource.deps.cache.version);
    if (options.continue !== '') {
      const token = decodeContinue(options.continue);
      if (version !== undefined && version !== 0) throw withVersion();
      return continued(scope, token);
    }
    const exact = match === 'Exact' || (match === '' && version !== undefined && version !== 0 && options.limit > 0);
    if (exact && version !== undefined) {
      await catchUp(resource, version);
      return exactly(scope, version);
    }
    const level = await catchUp(resource, version);
    if (level && !resource.objects.hasUnreadable(prefix)) return fromCache(version === 0 ? { ...scope, limit: 0 } : scope, resource.deps.cache.version);
    // What the cache could not open, the store opens or says why not.
    if (!level && namespace === '' && selection.name === undefined && resource.objects.size > PAGE) throw timeout('the cache is behind, try again');
    const { revision } = await resource.deps.store.currentRevision();
    return fromStore(scope, revision * 1024 + 1023);
  });
}
