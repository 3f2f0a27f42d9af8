import { type CachedObject, type CacheEvent, type WatchType } from '../cache-types';
import { type ResourceVersion } from '../types';

/** What an event is made of. */
export interface EventParts<T extends object> {
  readonly resourceVersion: ResourceVersion;
  /** The new state; undefined when deleted. */
  readonly current: CachedObject<T> | undefined;
  readonly previous: CachedObject<T> | undefined;
  readonly prev: ResourceVersion;
  readonly node: string | undefined;
  readonly prevNode: ResourceVersion | undefined;
}

const json = 'json';
const lineEnd = Buffer.from('}\n');
const lineStart: Readonly<Record<WatchType, Buffer>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};

/** An event with the buffers its watchers share. */
export class AppliedEvent<T extends object> implements CacheEvent<T> {
  readonly type: WatchType;
  readonly resourceVersion: ResourceVersion;
  readonly object: CachedObject<T>;
  readonly previous: CachedObject<T> | undefined;
  readonly prev: ResourceVersion;
  readonly node: string | undefined;
  readonly prevNode: ResourceVersion | undefined;
  #departed: CachedObject<T> | undefined;
  #frames: Map<string, Buffer> | undefined;

  /** Undefined when there was nothing and is nothing: the delete of a value that could not be read. */
  static of<T extends object>(parts: EventParts<T>): AppliedEvent<T> | undefined {
    const object = parts.current ?? parts.previous?.withVersion(parts.resourceVersion);
    return object && new AppliedEvent(parts, object);
  }

  private constructor(parts: EventParts<T>, object: CachedObject<T>) {
    this.type = !parts.current ? 'DELETED' : parts.previous ? 'MODIFIED' : 'ADDED';
    this.object = object;
    this.resourceVersion = parts.resourceVersion;
    this.previous = parts.previous;
    this.prev = parts.prev;
    this.node = parts.node;
    this.prevNode = parts.prevNode;
  }

  get key(): string {
    return this.object.key;
  }

  objectFor(watchType: WatchType): CachedObject<T> {
    if (watchType !== 'DELETED' || this.type === 'DELETED' || !this.previous) return this.object;
    this.#departed ??= this.previous.withVersion(this.resourceVersion);
    return this.#departed;
  }

  frame(watchType: WatchType, representation = json, make: (object: CachedObject<T>, watchType: WatchType) => Buffer = jsonLine): Buffer {
    const key = `${watchType} ${representation}`;
    let frame = this.#frames?.get(key);
    if (!frame) {
      frame = make(this.objectFor(watchType), watchType);
      this.#frames ??= new Map();
      this.#frames.set(key, frame);
    }
    return frame;
  }

  /** Gives up the shared buffers; a late reader makes them again. */
  cool(): void {
    this.#frames = undefined;
    this.#departed = undefined;
  }
}

function jsonLine(object: CachedObject, watchType: WatchType): Buffer {
  return Buffer.concat([lineStart[watchType], object.bytes, lineEnd]);
}
