import { type CachedObject, type CachedResource, type DeepReadonly, type Description } from '../cache-types';
import { StoreError } from '../store-error';
import { type ResourceVersion, type StoredValue } from '../types';
import { metadataStart, objectEnd, servedBytes, servedHead, withServedVersion } from './served-bytes';

/** What the objects of one resource share. */
export class ObjectShape<T extends object> {
  readonly head: Buffer;
  readonly metadataStart: number;

  constructor(readonly resource: CachedResource<T>) {
    this.head = servedHead(resource.apiVersion, resource.kind);
    this.metadataStart = metadataStart(this.head);
  }

  /** `known` tells what is known already of an object in this form. */
  objectFrom(value: StoredValue, known?: (key: string, json: Buffer) => Description | undefined): BufferedObject<T> {
    const { resource } = this;
    if (value.unreadable !== undefined) throw new StoreError('unreadable', `unable to transform key "${value.key}": ${value.unreadable}`);
    const stale = resource.upgrade !== undefined && value.schemaGeneration < (resource.schemaGeneration ?? 0);
    const json = stale && resource.upgrade ? resource.upgrade(value.json, value.schemaGeneration) : value.json;
    return new BufferedObject(this, value.key, value.resourceVersion, servedBytes(this.head, value.resourceVersion, json), value.schemaGeneration, value.sealedBy, known?.(value.key, json));
  }
}

/** An object as its served bytes; everything else is made from them when it is asked for. */
export class BufferedObject<T extends object> implements CachedObject<T> {
  #parsed: WeakRef<DeepReadonly<T>> | undefined;
  #metadata: Buffer | undefined;
  #representations: Map<string, unknown> | undefined;

  constructor(
    private readonly shape: ObjectShape<T>,
    readonly key: string,
    readonly resourceVersion: ResourceVersion,
    readonly bytes: Buffer,
    readonly schemaGeneration: number,
    readonly sealedBy: string | undefined,
    private known?: Description,
  ) {}

  get metadataBytes(): Buffer {
    const start = this.shape.metadataStart;
    this.#metadata ??= this.bytes.subarray(start, objectEnd(this.bytes, start));
    return this.#metadata;
  }

  get object(): DeepReadonly<T> {
    const kept = this.#parsed?.deref();
    if (kept) return kept;
    const parsed = this.parse() as DeepReadonly<T>;
    this.#parsed = new WeakRef(parsed);
    return parsed;
  }

  parse(): T {
    const { resource } = this.shape;
    return resource.decode ? resource.decode(this.bytes) : (JSON.parse(this.bytes.toString()) as T);
  }

  get description(): Description {
    return this.describe();
  }

  /** Looks into the object, the first time only. */
  describe(): Description {
    this.known ??= this.shape.resource.describe(this.object);
    return this.known;
  }

  represent<R>(key: string, make: (object: CachedObject<T>) => R): R {
    this.#representations ??= new Map();
    if (!this.#representations.has(key)) this.#representations.set(key, make(this));
    return this.#representations.get(key) as R;
  }

  withVersion(version: ResourceVersion): BufferedObject<T> {
    if (version === this.resourceVersion) return this;
    const { head } = this.shape;
    // A description says nothing of the version.
    return new BufferedObject(this.shape, this.key, version, withServedVersion(head, this.bytes, version), this.schemaGeneration, this.sealedBy, this.known);
  }
}
