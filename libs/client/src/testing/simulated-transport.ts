import { expired, findApiError, serviceUnavailable, toStatus } from '@navarch/apimachinery';
import type { KubeObject } from '@navarch/api';
import { objectv1 } from '@navarch/proto';
import { jsonBytes } from '../object-class';
import type { ObjectTransport, WriteStream } from '../object-transport';
import { AsyncQueue } from './async-queue';
import { resourceName, type SimulatedApi, type SimulatedEvent } from './simulated-api';

const OBJECTS_PER_FRAME = 3;

interface Watcher {
  readonly request: objectv1.WatchRequest;
  readonly frames: AsyncQueue<objectv1.WatchResponse>;
}

/** A SimulatedApi as the object service, with the faults of a network. */
export class SimulatedTransport implements ObjectTransport {
  readonly #api: SimulatedApi;
  readonly #watchers = new Set<Watcher>();
  readonly #writes = new Set<AsyncQueue<objectv1.WriteResponse>>();
  /** Nothing can be reached. */
  down = false;
  /** Watches stay open but bring nothing. */
  paused = false;
  /** Called before every single write is done; may throw what the server answers. */
  beforeWrite: ((item: objectv1.WriteItem) => void) | undefined;
  /** Called after every single write was done; may throw what takes its answer's place: the outcome is lost. */
  afterWrite: ((item: objectv1.WriteItem) => void) | undefined;
  /** Every read that reached the server, by its kind and resource. */
  readonly reads: string[] = [];
  /** Every write that reached the server. */
  readonly writes: objectv1.WriteItem[] = [];
  /** Every frame of writes that reached the server. */
  frames = 0;
  #held: SimulatedEvent[] = [];

  constructor(api: SimulatedApi) {
    this.#api = api;
    api.onEvent((event) => {
      if (this.paused) this.#held.push(event);
      else this.#deliver(event);
    });
  }

  resume(): void {
    this.paused = false;
    for (const event of this.#held.splice(0)) this.#deliver(event);
  }

  /** Ends all streams, as a restart of the apiserver does. */
  cut(): void {
    this.#held = [];
    for (const { frames } of this.#watchers) frames.end(serviceUnavailable('cut'));
    this.#watchers.clear();
    for (const answers of this.#writes) answers.end(serviceUnavailable('cut'));
    this.#writes.clear();
  }

  /** Sends every watch the version that it has been told everything up to. */
  bookmark(): void {
    if (this.paused) return;
    for (const { frames } of this.#watchers) {
      frames.push({
        epoch: this.#api.epoch,
        events: [{ type: objectv1.EventType.BOOKMARK, resourceVersion: BigInt(this.#api.version), object: Buffer.alloc(0) }],
      });
    }
  }

  async get(request: objectv1.GetRequest): Promise<objectv1.GetResponse> {
    await this.#reach();
    const { resource = missing(), namespace, name } = request.key ?? missing();
    this.reads.push(`get ${resource.resource}`);
    return { object: jsonBytes(this.#api.view(resource, namespace, name, request.subresource)) };
  }

  async *snapshot(request: objectv1.SnapshotRequest): AsyncGenerator<objectv1.SnapshotResponse, void, void> {
    await this.#reach();
    const resource = request.class?.resource ?? missing();
    this.reads.push(`snapshot ${resource.resource}`);
    const objects = this.#api.list<KubeObject>(resource, request.namespace).filter((object) => inNode(object, request.class?.node ?? ''));
    const resourceVersion = BigInt(this.#api.version);
    const epoch = this.#api.epoch;
    for (let at = 0; at === 0 || at < objects.length; at += OBJECTS_PER_FRAME) {
      yield { epoch, resourceVersion, objects: objects.slice(at, at + OBJECTS_PER_FRAME).map(jsonBytes) };
      await this.#reach();
    }
  }

  async *watch(request: objectv1.WatchRequest, signal?: AbortSignal): AsyncGenerator<objectv1.WatchResponse, void, void> {
    await this.#reach();
    this.reads.push(`watch ${request.class?.resource?.resource ?? missing()}`);
    const after = Number(request.resourceVersion);
    if (after < this.#api.compacted) throw expired(`too old resource version: ${after} (${this.#api.compacted})`);
    const frames = new AsyncQueue<objectv1.WatchResponse>();
    const watcher = { request, frames };
    const { epoch } = this.#api;
    const missed = this.#api.events.filter((event) => event.rv > after && !this.#held.includes(event) && isOf(event, request.class));
    if (missed.length > 0) frames.push({ epoch, events: missed.map(watchEvent) });
    this.#watchers.add(watcher);
    signal?.addEventListener('abort', () => frames.end(), { once: true });
    if (!this.paused) frames.push({ epoch, events: [{ type: objectv1.EventType.BOOKMARK, resourceVersion: BigInt(this.#api.version), object: Buffer.alloc(0) }] });
    try {
      yield* frames;
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async openWrites(): Promise<WriteStream> {
    await this.#reach();
    const answers = new AsyncQueue<objectv1.WriteResponse>();
    this.#writes.add(answers);
    return {
      responses: answers,
      close: () => answers.end(),
      send: async (frame) => {
        await this.#reach();
        this.frames++;
        const results = frame.items.map((item) => this.#write(item));
        if (this.#writes.has(answers)) answers.push({ results });
      },
    };
  }

  #write(item: objectv1.WriteItem): objectv1.WriteResult {
    this.writes.push(item);
    try {
      this.beforeWrite?.(item);
      const object = jsonBytes(this.#do(item));
      this.afterWrite?.(item);
      return { id: item.id, outcome: { $case: 'object', value: object } };
    } catch (error) {
      return { id: item.id, outcome: { $case: 'status', value: jsonBytes(findApiError(error)?.status ?? toStatus(error)) } };
    }
  }

  #do({ operation }: objectv1.WriteItem): object {
    const key = operation?.value.key;
    const resource = key?.resource ?? missing();
    const namespace = key?.namespace ?? '';
    const name = key?.name ?? '';
    switch (operation?.$case) {
      case 'create':
        if (operation.value.subresource === 'eviction') return this.#api.delete(resource, namespace, name);
        if (operation.value.subresource === 'binding') return this.#api.bind(namespace, name, parse<{ target: { name: string } }>(operation.value.object).target.name);
        return this.#api.create(resource, namespace, parse(operation.value.object));
      case 'update':
        if (operation.value.subresource === 'scale') return this.#api.scale(resource, namespace, name, parse<{ spec?: { replicas?: number } }>(operation.value.object));
        return this.#api.update(resource, namespace, name, operation.value.subresource, parse(operation.value.object));
      case 'patch':
        return this.#api.patch(resource, namespace, name, operation.value.subresource, parse(operation.value.patch));
      case 'delete':
        return this.#api.delete(resource, namespace, name, operation.value.options.length > 0 ? parse(operation.value.options) : {});
      case undefined:
        return missing();
    }
  }

  #deliver(event: SimulatedEvent): void {
    for (const { request, frames } of this.#watchers) if (isOf(event, request.class)) frames.push({ epoch: this.#api.epoch, events: [watchEvent(event)] });
  }

  async #reach(): Promise<void> {
    await Promise.resolve();
    if (this.down) throw serviceUnavailable('down');
  }
}

function missing(): never {
  throw new Error('the request names no resource');
}

const parse = <T>(json: Buffer): T => JSON.parse(json.toString('utf8')) as T;

function inNode(object: KubeObject, node: string): boolean {
  return node === '' || (object as { spec?: { nodeName?: string } }).spec?.nodeName === node;
}

export function isOf(event: SimulatedEvent, of: objectv1.ObjectClass | undefined): boolean {
  return of?.resource !== undefined && event.resource === resourceName(of.resource) && inNode(event.object, of.node);
}

function watchEvent(event: SimulatedEvent): objectv1.WatchEvent {
  return { type: event.type, resourceVersion: BigInt(event.rv), object: jsonBytes(event.object) };
}
