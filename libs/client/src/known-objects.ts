import type { KubeObject } from '@navarch/api';
import { slices } from '@navarch/clock';
import { objectv1 } from '@navarch/proto';
import type { ClientLog } from './log';
import { keyOf, keyOfObject, ObjectCache, versionOf } from './object-cache';
import type { FollowedClass } from './object-class';
import type { NamespacedName, ResourceVersion } from './types';

/** What is known of a class, and the version up to which all of it is known: `version` only ever advances by proof, that of its callers. */
export class KnownObjects<T extends KubeObject> {
  readonly cache: ObjectCache<T>;
  #version: ResourceVersion = 0;
  #epoch = '';
  /** Histories seen; one never seen before may be a restore, the others are echoes. */
  readonly #epochs = new Set<string>();

  constructor(readonly followed: FollowedClass<T>, private readonly log: ClientLog) {
    this.cache = new ObjectCache<T>((error) => log.error({ resource: followed.type.resource, err: error }, 'informer handler failed'));
  }

  get version(): ResourceVersion {
    return this.#version;
  }

  /** The history that the version is of; '' before there is any. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Whether this history was never heard of until now. */
  hearOf(epoch: string): boolean {
    if (this.#epochs.has(epoch)) return false;
    this.#epochs.add(epoch);
    return true;
  }

  /** An object of whatever class, as it was answered: what is not newer than all that is known is known already, or gone since. */
  observe(object: T): void {
    const version = versionOf(object);
    if (version > this.#version && this.followed.contains(object)) this.cache.put(keyOfObject(object), this.followed.keep(object), version);
  }

  observeDeleted(object: T): void {
    const version = versionOf(object);
    if (version > this.#version && this.followed.contains(object)) this.cache.bury(keyOfObject(object), version, this.followed.keep(object));
  }

  /** The object is as new as this version, whatever lies between. */
  has({ namespace, name }: NamespacedName, version: ResourceVersion): boolean {
    return this.cache.knownVersion(keyOf({ namespace, name })) >= version;
  }

  /** Carries out a change; `advance` is the caller's, who knows what lies between. */
  apply(type: objectv1.EventType, key: string, version: ResourceVersion, object: T | undefined): void {
    if (type === objectv1.EventType.DELETED) this.cache.remove(key, version, object);
    else if (object !== undefined) this.cache.put(key, object, version);
  }

  /** An event of a watch: all before it has come. */
  applyEvent(event: objectv1.WatchEvent): void {
    const version = Number(event.resourceVersion);
    if (version <= this.#version) return;
    if (event.type !== objectv1.EventType.BOOKMARK) {
      const object = this.followed.parse(event.object);
      this.apply(event.type, keyOfObject(object), version, object);
    }
    this.advance(version);
  }

  advance(version: ResourceVersion): void {
    this.#version = version;
    this.cache.settle(version);
  }

  /**
   * Becomes a snapshot, frame by frame; another history replaces all.
   * @throws Error if the snapshot is empty or older than what is known; the signal's reason
   */
  async become(frames: AsyncIterable<objectv1.SnapshotResponse>, signal: AbortSignal): Promise<void> {
    const objects: T[] = [];
    let at: { epoch: string; version: number } | undefined;
    for await (const frame of frames) {
      at = { epoch: frame.epoch, version: Number(frame.resourceVersion) };
      await slices(frame.objects, (json) => objects.push(this.followed.parse(json)), { signal });
    }
    if (at === undefined) throw new Error('the snapshot has no frame');
    const { epoch, version } = at;
    const reset = this.#epoch !== '' && epoch !== this.#epoch;
    if (!reset && version < this.#version) throw new Error(`the snapshot is older (${version}) than what is known (${this.#version})`);
    if (reset) this.log.warn({ resource: this.followed.type.resource, epoch }, 'another history: starting over');
    await this.cache.replace(objects, version, reset, signal);
    this.#epoch = epoch;
    this.#epochs.add(epoch);
    this.#version = version;
  }
}
