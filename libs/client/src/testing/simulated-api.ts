import { alreadyExists, conflict, notFound } from '@navarch/apimachinery';
import { apiVersionOf, applyScale, scaleOf, type KubeObject, type ResourceType } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import { objectv1 } from '@navarch/proto';

type Resource = Pick<ResourceType<unknown>, 'group' | 'resource'> & { readonly version?: string };
type Body = KubeObject & { spec?: unknown; status?: unknown };

/** One change of the simulated history. */
export interface SimulatedEvent {
  readonly rv: number;
  readonly type: objectv1.EventType;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject;
}

interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  preconditions?: { uid?: string; resourceVersion?: string };
}

export const resourceName = ({ group, resource }: { group: string; resource: string }): string => `${group}/${resource}`;
const storageKey = (resource: Resource, namespace: string, name: string): string => `${resourceName(resource)}/${namespace}/${name}`;
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/**
 * The registry of an apiserver in memory, for tests: versions, generated names, uids, generations, compared updates,
 * status subresource, finalizers and graceful deletion, but no validation, defaulting or admission.
 */
export class SimulatedApi {
  epoch = 'epoch-1';
  readonly events: SimulatedEvent[] = [];
  /** History up to here is gone. */
  compacted = 0;
  #revision = 1;
  #names = 0;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Body>();
  readonly #listeners = new Set<(event: SimulatedEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The version of a list or bookmark now. */
  get version(): number {
    return this.#revision * 1024 + 1023;
  }

  onEvent(listener: (event: SimulatedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Moves the revision on without a change of anything, as another resource's write does. */
  touch(): void {
    this.#revision++;
  }

  find<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    const object = this.#objects.get(storageKey(type, namespace, name));
    return object === undefined ? undefined : (copy(object) as unknown as T);
  }

  list<T extends KubeObject>(type: Pick<ResourceType<T>, 'group' | 'resource'>, namespace = ''): T[] {
    const prefix = `${resourceName(type)}/${namespace === '' ? '' : `${namespace}/`}`;
    const found = [...this.#objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([, object]) => copy(object) as unknown as T);
  }

  get(resource: Resource, namespace: string, name: string): KubeObject {
    return copy(this.#must(resource, namespace, name));
  }

  /** An object as a subresource shows it. */
  view(resource: Resource, namespace: string, name: string, subresource: string): object {
    const object = this.get(resource, namespace, name);
    return subresource === 'scale' ? scaleOf(resource.group, resource.resource, object) : object;
  }

  /** Writes the `scale` subresource. */
  scale(resource: Resource, namespace: string, name: string, scale: { readonly spec?: { replicas?: number } }): object {
    const object = this.get(resource, namespace, name);
    applyScale(object, scale);
    return scaleOf(resource.group, resource.resource, this.update(resource, namespace, name, '', object));
  }

  create(resource: Resource, namespace: string, given: KubeObject): KubeObject {
    const object: Body = copy(given);
    const { metadata } = object;
    if (metadata.name === undefined || metadata.name === '') metadata.name = `${metadata.generateName ?? ''}${(this.#names++).toString(36).padStart(5, '0')}`;
    if (namespace !== '') metadata.namespace = namespace;
    if (this.#objects.has(storageKey(resource, namespace, metadata.name))) throw alreadyExists(resource, metadata.name);
    metadata.uid = `uid-${this.#revision + 1}-${metadata.name}`;
    metadata.creationTimestamp ??= new Date(this.#clock.now()).toISOString().replace('.000Z', 'Z');
    if (object.spec !== undefined) metadata.generation = 1;
    return this.#store(resource, namespace, object, objectv1.EventType.ADDED);
  }

  update(resource: Resource, namespace: string, name: string, subresource: string, given: KubeObject): KubeObject {
    const previous = this.#must(resource, namespace, name);
    const next: Body = copy(given);
    if (next.metadata.resourceVersion !== undefined && next.metadata.resourceVersion !== previous.metadata.resourceVersion) throw conflict(resource, name);
    if (next.metadata.uid !== undefined && next.metadata.uid !== previous.metadata.uid) throw conflict(resource, name);
    const kept: Body = subresource === 'status' ? { ...copy(previous), status: next.status } : { ...next, ...('status' in previous ? { status: previous.status } : {}) };
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } = previous.metadata;
    Object.assign(kept.metadata, copy({ uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation }));
    if (subresource === '' && JSON.stringify(kept.spec) !== JSON.stringify(previous.spec)) kept.metadata.generation = (generation ?? 0) + 1;
    kept.metadata.resourceVersion = previous.metadata.resourceVersion ?? '';
    if (sameJson(kept, previous)) return copy(previous);
    if (deletionTimestamp !== undefined && !isHeld(resource, kept) && (deletionGracePeriodSeconds ?? 0) === 0) return this.#erase(resource, namespace, kept);
    return this.#store(resource, namespace, kept, objectv1.EventType.MODIFIED);
  }

  /** A JSON merge patch; the other kinds of patch are not simulated. */
  patch(resource: Resource, namespace: string, name: string, subresource: string, patch: Record<string, unknown>): KubeObject {
    const merged = mergePatch(copy(this.#must(resource, namespace, name)), patch) as Body;
    return this.update(resource, namespace, name, subresource, merged);
  }

  delete(resource: Resource, namespace: string, name: string, options: DeleteOptions = {}): KubeObject {
    const object = copy(this.#must(resource, namespace, name));
    const { metadata } = object;
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid !== undefined && uid !== metadata.uid) {
      throw conflict(resource, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`);
    }
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) throw conflict(resource, name);
    const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.push('orphan');
    if (options.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion');
    if (options.propagationPolicy !== undefined) metadata.finalizers = finalizers;
    const graceful = resource.resource === 'pods' && (object.spec as { nodeName?: string } | undefined)?.nodeName !== undefined;
    const graceSeconds = graceful ? (options.gracePeriodSeconds ?? 30) : 0;
    if (!isHeld(resource, object) && graceSeconds === 0) return this.#erase(resource, namespace, object);
    if (metadata.deletionTimestamp !== undefined && graceSeconds > 0) return object;
    metadata.deletionTimestamp ??= new Date(this.#clock.now() + graceSeconds * 1000).toISOString();
    metadata.deletionGracePeriodSeconds = graceSeconds;
    return this.#store(resource, namespace, object, objectv1.EventType.MODIFIED);
  }

  /** Assigns a pod to a node. */
  bind(namespace: string, name: string, node: string): KubeObject {
    const pods = { group: '', resource: 'pods' };
    const pod = copy(this.#must(pods, namespace, name));
    pod.spec = { ...(pod.spec as object | undefined), nodeName: node };
    delete (pod.status as { nominatedNodeName?: string } | undefined)?.nominatedNodeName;
    return this.#store(pods, namespace, pod, objectv1.EventType.MODIFIED);
  }

  #must(resource: Resource, namespace: string, name: string): Body {
    const object = this.#objects.get(storageKey(resource, namespace, name));
    if (object === undefined) throw notFound(resource, name);
    return object;
  }

  #store(resource: Resource, namespace: string, object: Body, type: objectv1.EventType): KubeObject {
    const rv = ++this.#revision * 1024;
    object.metadata.resourceVersion = String(rv);
    object.apiVersion ??= apiVersionOf({ group: resource.group, version: resource.version ?? 'v1' });
    this.#objects.set(storageKey(resource, namespace, object.metadata.name ?? ''), object);
    this.#tell(resource, rv, type, object);
    return copy(object);
  }

  #erase(resource: Resource, namespace: string, object: Body): KubeObject {
    const rv = ++this.#revision * 1024;
    this.#objects.delete(storageKey(resource, namespace, object.metadata.name ?? ''));
    object.metadata.resourceVersion = String(rv);
    this.#tell(resource, rv, objectv1.EventType.DELETED, object);
    return copy(object);
  }

  #tell(resource: Resource, rv: number, type: objectv1.EventType, object: KubeObject): void {
    const { namespace = '', name = '' } = object.metadata;
    const event = { rv, type, resource: resourceName(resource), namespace, name, object: copy(object) };
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}

/** By finalizers; namespaces have others besides, for their content. */
function isHeld(resource: Resource, { metadata, spec }: Body): boolean {
  const content = resource.resource === 'namespaces' ? ((spec as { finalizers?: string[] } | undefined)?.finalizers ?? []) : [];
  return (metadata.finalizers ?? []).length + content.length > 0;
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  return left.length === right.length && left.every(([key, value]) => sameJson(value, (b as Record<string, unknown>)[key]));
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
