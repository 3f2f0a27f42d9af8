import type { KubeObject, ResourceType } from '@navarch/api';
import { isTimeout } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { objectv1 } from '@navarch/proto';
import { slices } from '@navarch/clock';
import type { ClientLog } from './log';
import { jsonBytes, objectKey, parseObject, resourceKey } from './object-class';
import type { ObjectTransport } from './object-transport';
import type { ApiClient, DeleteOptions, GetOptions, ListOptions, NamespacedName, ObjectList, PatchType, WriteOptions } from './types';
import type { WriteOperation } from './unsent-writes';
import { WritePipeline } from './write-pipeline';

/** Told of the answers to own writes, so that caches need not wait for the news of them (rules 3.9). */
export interface WriteObserver {
  written(type: ResourceType<KubeObject>, object: KubeObject): void;
  deleted(type: ResourceType<KubeObject>, object: KubeObject): void;
  /** An object of this kind, or a subresource of one, may have been made, unseen; resolves when caches know, or cannot be told in time. */
  maybeCreated(type: ResourceType<KubeObject>, signal?: AbortSignal): Promise<void>;
}

export interface RemoteApiClientOptions {
  /** Recorded as the manager of the fields that this process sets. */
  readonly fieldManager?: string;
}

export interface RemoteApiClientDeps {
  readonly transport: ObjectTransport;
  readonly clock: Clock;
  readonly log: ClientLog;
  readonly observer?: WriteObserver | undefined;
}

const patchTypes: Readonly<Record<PatchType, objectv1.PatchType>> = {
  json: objectv1.PatchType.JSON,
  merge: objectv1.PatchType.MERGE,
  strategic: objectv1.PatchType.STRATEGIC_MERGE,
  apply: objectv1.PatchType.APPLY,
};

/** The API over the apiserver's object service: reads as single calls, writes on one pipelined stream. */
export class RemoteApiClient implements ApiClient {
  readonly #options: RemoteApiClientOptions;
  readonly #deps: RemoteApiClientDeps;
  readonly #writes: WritePipeline;

  constructor(options: RemoteApiClientOptions, deps: RemoteApiClientDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#writes = new WritePipeline(deps);
  }

  async get<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, options: GetOptions = {}): Promise<T> {
    const request = { key: objectKey(type, key), subresource: options.subresource ?? '', notOlderThan: BigInt(options.notOlderThan ?? 0) };
    const { object } = await this.#deps.transport.get(request, options.signal);
    return parseObject(type, object);
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const request: objectv1.SnapshotRequest = {
      class: { resource: resourceKey(type), node: '' },
      namespace: options.namespace ?? '',
      labelSelector: options.labelSelector ?? '',
      fieldSelector: options.fieldSelector ?? '',
      notOlderThan: BigInt(options.notOlderThan ?? 0),
    };
    const items: T[] = [];
    let resourceVersion = 0;
    for await (const frame of this.#deps.transport.snapshot(request, options.signal)) {
      resourceVersion = Number(frame.resourceVersion);
      await slices(frame.objects, (json) => items.push(parseObject(type, json)), options.signal ? { signal: options.signal } : {});
    }
    return { items, resourceVersion };
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const key = { namespace: object.metadata.namespace ?? '', name: '' };
    const operation: WriteOperation = {
      $case: 'create',
      value: { key: objectKey(type, key), subresource: options.subresource ?? '', object: jsonBytes(object), options: this.#writeOptions(options) },
    };
    return this.#tellingLate(type, this.#write(type, operation, options), options.signal);
  }

  async createSubresource<R>(type: ResourceType<KubeObject>, key: NamespacedName, subresource: string, body: object, options: WriteOptions = {}): Promise<R> {
    const operation: WriteOperation = { $case: 'create', value: { key: objectKey(type, key), subresource, object: jsonBytes(body), options: this.#writeOptions(options) } };
    return JSON.parse((await this.#tellingLate(type, this.#writes.write(operation, options), options.signal)).toString('utf8')) as R;
  }

  update<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
    return this.#write(
      type,
      {
        $case: 'update',
        value: { key: objectKey(type, key), subresource: options.subresource ?? '', object: jsonBytes(object), options: this.#writeOptions(options) },
      },
      options,
    );
  }

  updateStatus<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.update(type, object, { ...options, subresource: 'status' });
  }

  patch<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, patchType: PatchType, patch: object, options: WriteOptions = {}): Promise<T> {
    const value = {
      key: objectKey(type, key),
      subresource: options.subresource ?? '',
      type: patchTypes[patchType],
      patch: jsonBytes(patch),
      options: this.#writeOptions(options),
      force: options.force ?? false,
    };
    return this.#write(type, { $case: 'patch', value }, options);
  }

  async delete<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, options: DeleteOptions = {}): Promise<void> {
    const { signal, ...deleteOptions } = options;
    const body = Object.keys(deleteOptions).length === 0 ? Buffer.alloc(0) : jsonBytes({ apiVersion: 'v1', kind: 'DeleteOptions', ...deleteOptions });
    const answer = await this.#writes.write({ $case: 'delete', value: { key: objectKey(type, key), options: body } }, signal === undefined ? {} : { signal });
    const object = this.#objectIn(type, answer);
    if (object === undefined) return;
    if (stillThere(object)) this.#deps.observer?.written(type, object);
    else this.#deps.observer?.deleted(type, object);
  }

  /** Gives up on writes that are not answered. */
  stop(): Promise<void> {
    return this.#writes.stop();
  }

  async #write<T extends KubeObject>(type: ResourceType<T>, operation: WriteOperation, options: WriteOptions): Promise<T> {
    const answer = await this.#writes.write(operation, options);
    const object = this.#objectIn(type, answer);
    if (object !== undefined && options.dryRun !== true) this.#deps.observer?.written(type, object);
    return object ?? (JSON.parse(answer.toString('utf8')) as T);
  }

  /**
   * If the answer is lost, what was made may be there: an object under a name that nobody was told, a pod on its node. Who counts
   * such in a cache would count on less than there is, so the error is not told before caches are as new as the API.
   */
  async #tellingLate<R>(type: ResourceType<KubeObject>, write: Promise<R>, signal: AbortSignal | undefined): Promise<R> {
    try {
      return await write;
    } catch (error) {
      if (isTimeout(error)) await this.#deps.observer?.maybeCreated(type, signal);
      throw error;
    }
  }

  /** The object of this kind in an answer, which else holds a Status, a Scale or such. */
  #objectIn<T extends KubeObject>(type: ResourceType<T>, answer: Buffer): T | undefined {
    if (answer.length === 0) return undefined;
    const object = parseObject(type, answer);
    return object.kind === type.kind && typeof object.metadata.resourceVersion === 'string' ? object : undefined;
  }

  #writeOptions(options: WriteOptions): objectv1.WriteOptions {
    return { fieldManager: options.fieldManager ?? this.#options.fieldManager ?? '', dryRun: options.dryRun ?? false };
  }
}

/** Whether a deleted object waits for its finalizers or its grace period. */
function stillThere({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && ((metadata.finalizers?.length ?? 0) > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0);
}
