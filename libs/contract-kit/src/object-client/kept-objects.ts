import { alreadyExists, applyJsonPatch, applyMergePatch, conflict, notFound, parseFieldSelector, parseLabelSelector, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { objectv1 } from '@navarch/proto';
import { randomUUID } from 'node:crypto';

/** An API object, of whatever kind. */
export interface Kept {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string; readonly resourceVersion?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

interface Change {
  readonly version: bigint;
  readonly resource: string;
  readonly before: Kept | undefined;
  readonly after: Kept | undefined;
}

/** What a snapshot or a watch asks for. */
export type Wanted = Pick<objectv1.WatchRequest, 'class' | 'namespace' | 'labelSelector' | 'fieldSelector'>;

const { ADDED, MODIFIED, DELETED } = objectv1.EventType;
export const nameOf = (resource: objectv1.ResourceKey | undefined): string => [resource?.resource, resource?.group].filter((part) => part !== undefined && part !== '').join('.');
const pathOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;
const bytesOf = (object: Kept): Buffer => Buffer.from(JSON.stringify(object));

/** `deployments.apps` of a Deployment: plurals as almost all kinds form them. */
export function resourceOf({ apiVersion = 'v1', kind = '' }: Kept): string {
  const singular = kind.toLowerCase();
  const plural = /(s|x|ch)$/.test(singular) ? `${singular}es` : singular.replace(/([^aeiou])y$/, '$1ie').concat('s');
  return apiVersion.includes('/') ? `${plural}.${apiVersion.split('/')[0] ?? ''}` : plural;
}

function isWanted({ class: of, namespace, labelSelector, fieldSelector }: Wanted, object: Kept | undefined): object is Kept {
  if (object === undefined) return false;
  const { metadata, spec } = object;
  if (namespace !== '' && metadata.namespace !== namespace) return false;
  if (of?.node !== undefined && of.node !== '' && spec?.['nodeName'] !== of.node) return false;
  const field = (path: string): string => {
    const found = path.split('.').reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], object);
    return typeof found === 'string' ? found : '';
  };
  return parseLabelSelector(labelSelector).matches(metadata.labels ?? {}) && parseFieldSelector(fieldSelector).matches(field);
}

/** Objects with versions and the history of their changes, as an apiserver keeps them. What is written is taken as it is: neither defaults nor validation. */
export class KeptObjects {
  readonly #objects = new Map<string, Map<string, Kept>>();
  readonly #changes: Change[] = [];
  #version = 1000n;

  /** Of the newest change, of whatever class. */
  get version(): bigint {
    return this.#version;
  }

  /** A change that nobody who follows a class hears of. */
  advance(): bigint {
    return (this.#version += 1n);
  }

  list(wanted: Wanted): Kept[] {
    return [...(this.#objects.get(nameOf(wanted.class?.resource))?.values() ?? [])].filter((object) => isWanted(wanted, object));
  }

  /** What a watch is told of what changed after a version. */
  eventsAfter(version: bigint, wanted: Wanted): objectv1.WatchEvent[] {
    const resource = nameOf(wanted.class?.resource);
    return this.#changes.filter((change) => change.version > version && change.resource === resource).flatMap(({ version: at, before, after }): objectv1.WatchEvent[] => {
      const [was, is] = [isWanted(wanted, before), isWanted(wanted, after)];
      if (is && after) return [{ type: was ? MODIFIED : ADDED, resourceVersion: at, object: bytesOf(after) }];
      return was && before ? [{ type: DELETED, resourceVersion: at, object: bytesOf({ ...before, metadata: { ...before.metadata, resourceVersion: String(at) } }) }] : [];
    });
  }

  find(key: objectv1.ObjectKey | undefined): Kept | undefined {
    return this.#objects.get(nameOf(key?.resource))?.get(pathOf(key?.namespace, key?.name ?? ''));
  }

  /** @throws notFound */
  get(key: objectv1.ObjectKey | undefined): Kept {
    const found = this.find(key);
    if (found === undefined) throw notFound(key?.resource ?? { group: '', resource: '' }, key?.name ?? '');
    return found;
  }

  /** Stores a new object. @throws alreadyExists */
  create(resource: string, object: Kept): Kept {
    const { name, namespace } = object.metadata;
    if (this.#objects.get(resource)?.has(pathOf(namespace, name)) === true) throw alreadyExists({ group: '', resource }, name);
    return this.#store(resource, undefined, { ...object, metadata: { ...object.metadata, uid: object.metadata.uid ?? randomUUID() } });
  }

  /** @throws notFound, conflict */
  update(key: objectv1.ObjectKey | undefined, subresource: string, body: Kept): Kept {
    const before = this.get(key);
    const { resourceVersion } = body.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(key?.resource ?? { group: '', resource: '' }, before.metadata.name);
    const { uid, name, namespace } = before.metadata;
    const after: Kept =
      subresource === 'status'
        ? { ...before, ...(body.status === undefined ? {} : { status: body.status }) }
        : { ...body, metadata: { ...body.metadata, name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) } };
    return this.#store(nameOf(key?.resource), before, after);
  }

  /** All but JSON patches are taken as merge patches. @throws notFound, conflict */
  patch(key: objectv1.ObjectKey | undefined, type: objectv1.PatchType, patch: JsonValue): Kept {
    const before = this.get(key) as unknown as JsonObject;
    const { resourceVersion, ...named } = ((patch as { readonly metadata?: Partial<Kept['metadata']> } | null)?.metadata ?? {});
    if (resourceVersion !== undefined) return this.update(key, '', { ...(applyMergePatch(before, patch) as unknown as Kept), metadata: { ...this.get(key).metadata, ...named, resourceVersion } });
    const after = (type === objectv1.PatchType.JSON ? applyJsonPatch(before, patch) : applyMergePatch(before, patch)) as unknown as Kept;
    return this.#store(nameOf(key?.resource), before as unknown as Kept, after);
  }

  /** @throws notFound */
  delete(key: objectv1.ObjectKey | undefined): Kept {
    const before = this.get(key);
    const resource = nameOf(key?.resource);
    this.#objects.get(resource)?.delete(pathOf(key?.namespace, before.metadata.name));
    this.#changes.push({ version: this.advance(), resource, before, after: undefined });
    return before;
  }

  #store(resource: string, before: Kept | undefined, object: Kept): Kept {
    const version = this.advance();
    const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const all = this.#objects.get(resource) ?? new Map<string, Kept>();
    this.#objects.set(resource, all.set(pathOf(after.metadata.namespace, after.metadata.name), after));
    this.#changes.push({ version, resource, before, after });
    return after;
  }
}
