import { badRequest, isApiError, timeout, toStatus } from '@navarch/apimachinery';
import { slices } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { objectv1 } from '@navarch/proto';
import { type CallContext, PushStream, type ServiceHandlers } from '@navarch/rpc';
import type { WatchCache } from '@navarch/storage';
import { setMaxListeners } from 'node:events';
import { viewOf } from '../http/subresource-routes';
import { catchUp, requireReadable } from '../registry/freshness';
import { get } from '../registry/get';
import type { Cached } from '../registry/resource-store';
import type { WatchHub } from '../watch/watch-hub';

import { FrameQueue } from './frame-queue';
import { rpcFraming } from './rpc-framing';
import type { RpcRequests } from './rpc-requests';
import type { RpcWrites, Writer } from './rpc-writes';

/** The contract with watches that are encoded already, once for all their readers. */
export const objectServiceDefinition = {
  ...objectv1.ObjectServiceService,
  watch: { ...objectv1.ObjectServiceService.watch, responseSerialize: (message: Buffer): Buffer => message, responseDeserialize: (bytes: Buffer): Buffer => bytes },
} as const;

export interface ObjectServiceDeps {
  readonly requests: RpcRequests;
  readonly writes: RpcWrites;
  readonly hub: WatchHub;
  readonly cache: WatchCache;
  readonly log: Logger;
}

/** Bytes per frame of a snapshot. */
const SNAPSHOT_FRAME_BYTES = 1024 * 1024;
/** Writes of one stream that may be under way; a client with more waits until some are answered. */
const MAX_IN_FLIGHT = 5000;

/** The gRPC door: the same pipeline as REST, for components that keep long-lived streams. */
export class ObjectService implements ServiceHandlers<typeof objectServiceDefinition> {
  constructor(private readonly deps: ObjectServiceDeps) {}

  async get(request: objectv1.GetRequest, context: CallContext): Promise<objectv1.GetResponse> {
    const { requests } = this.deps;
    const user = await requests.user(context);
    const target = requests.target(request.key, request.subresource);
    await requests.authorize(user, 'get', target);
    const served = requests.served(target);
    const version = request.notOlderThan === 0n ? undefined : Number(request.notOlderThan);
    const object = await get(served.store, served.facts.namespaced ? target.namespace : '', target.name, version);
    await served.prepare([object]);
    return { object: viewOf(served, target.subresource).bytes(object) };
  }

  async *snapshot(request: objectv1.SnapshotRequest, context: CallContext): AsyncGenerator<objectv1.SnapshotResponse> {
    const { requests, cache } = this.deps;
    const user = await requests.user(context);
    const target = requests.target({ resource: request.class?.resource, namespace: request.namespace, name: '' }, '');
    const served = requests.served(target);
    const { selection, fieldSelector } = requests.selection(served, request);
    await requests.authorize(user, 'list', target, { fieldSelector, labelSelector: request.labelSelector });
    const { store } = served;
    if (!(await catchUp(store, request.notOlderThan === 0n ? undefined : Number(request.notOlderThan)))) throw timeout('the cache is behind, try again');
    // One synchronous look: all frames are of one moment.
    const node = store.objects.resource.hasNodes === true ? selection.node : undefined;
    const prefix = request.namespace === '' ? store.prefix : `${store.prefix}${request.namespace}/`;
    requireReadable(store, prefix);
    const all = node ? store.objects.listNode(node) : store.objects.list(prefix);
    const epoch = cache.epoch;
    const resourceVersion = BigInt(cache.version);
    let objects: Buffer[] = [];
    let size = 0;
    await served.prepare(all);
    for await (const object of selected(all, (one) => selection.matches(one))) {
      const bytes = served.bytes(object);
      objects.push(bytes);
      size += bytes.length;
      if (size < SNAPSHOT_FRAME_BYTES) continue;
      yield { epoch, resourceVersion, objects };
      objects = [];
      size = 0;
    }
    yield { epoch, resourceVersion, objects };
  }

  async *watch(request: objectv1.WatchRequest, context: CallContext): AsyncGenerator<Buffer> {
    const { requests, hub, cache } = this.deps;
    const user = await requests.user(context);
    const target = requests.target({ resource: request.class?.resource, namespace: request.namespace, name: '' }, '');
    const served = requests.served(target);
    const { selection, fieldSelector } = requests.selection(served, request);
    await requests.authorize(user, 'watch', target, { fieldSelector, labelSelector: request.labelSelector });
    if (request.resourceVersion === 0n) throw badRequest('a watch names the version it begins after');
    const queue = new FrameQueue();
    const begin = { resourceVersion: Number(request.resourceVersion), sendInitialEvents: false, bookmarks: true, bookmarkWhenLevel: true };
    const started = hub.watch(
      { resource: served.store, namespace: served.facts.namespaced ? request.namespace : '', selection },
      rpcFraming(served, cache.epoch),
      begin,
      () => queue,
      () => queue.end(),
    );
    // Frames of the past go out while it is still being sent.
    started.catch((error: unknown) => queue.fail(error instanceof Error ? error : new Error('watch failed', { cause: error })));
    const stop = (): void => void started.then((watcher) => watcher.end('client is gone'), () => undefined);
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      yield* queue;
    } finally {
      context.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  async create(request: objectv1.CreateRequest, context: CallContext): Promise<objectv1.CreateResponse> {
    return { object: await this.deps.writes.create(await this.writer(context), request) };
  }

  async update(request: objectv1.UpdateRequest, context: CallContext): Promise<objectv1.UpdateResponse> {
    return { object: await this.deps.writes.update(await this.writer(context), request) };
  }

  async patch(request: objectv1.PatchRequest, context: CallContext): Promise<objectv1.PatchResponse> {
    return { object: await this.deps.writes.patch(await this.writer(context), request) };
  }

  async delete(request: objectv1.DeleteRequest, context: CallContext): Promise<objectv1.DeleteResponse> {
    return { object: await this.deps.writes.delete(await this.writer(context), request) };
  }

  async *write(frames: AsyncIterable<objectv1.WriteRequest>, context: CallContext): AsyncGenerator<objectv1.WriteResponse> {
    const writer = await this.writer(context);
    const responses = new PushStream<objectv1.WriteResponse>();
    const stream = new WriteStream((operation) => this.deps.writes.item(writer, operation), responses, this.deps.log);
    const reading = (async () => {
      for await (const { items } of frames) await stream.accept(items);
      await stream.idle();
    })();
    reading.then(() => responses.end(), (error: unknown) => responses.fail(error));
    yield* responses;
  }

  private async writer(context: CallContext): Promise<Writer> {
    // A stream makes many writes.
    setMaxListeners(0, context.signal);
    return { user: await this.deps.requests.user(context), signal: context.signal };
  }
}

/** The items of one Write stream: each goes its own way; answers that come together leave together. */
class WriteStream {
  private inFlight = 0;
  private results: objectv1.WriteResult[] = [];
  private scheduled = false;
  private waiting: { below: number; resolve: () => void }[] = [];

  constructor(
    private readonly perform: (operation: NonNullable<objectv1.WriteItem['operation']>) => Promise<Buffer>,
    private readonly responses: PushStream<objectv1.WriteResponse>,
    private readonly log: Logger,
  ) {}

  async accept(items: readonly objectv1.WriteItem[]): Promise<void> {
    for (const { id, operation } of items) {
      this.inFlight++;
      this.outcome(operation).then((outcome) => this.answer({ id, outcome }), (error: unknown) => this.log.error({ err: error }, 'write was not answered'));
    }
    if (this.inFlight > MAX_IN_FLIGHT) await this.until(MAX_IN_FLIGHT);
  }

  idle(): Promise<void> {
    // Answers that are not pushed yet are part of what is waited for.
    return this.inFlight === 0 && !this.scheduled ? Promise.resolve() : this.until(1);
  }

  private until(below: number): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ below, resolve }));
  }

  private async outcome(operation: objectv1.WriteItem['operation']): Promise<NonNullable<objectv1.WriteResult['outcome']>> {
    try {
      if (!operation) throw badRequest('the item names no operation');
      return { $case: 'object', value: await this.perform(operation) };
    } catch (error) {
      if (!isApiError(error)) this.log.error({ err: error, operation: operation?.$case }, 'write failed');
      return { $case: 'status', value: Buffer.from(JSON.stringify(isApiError(error) ? error.status : toStatus(error))) };
    }
  }

  private answer(result: objectv1.WriteResult): void {
    this.inFlight--;
    this.results.push(result);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    this.responses.push({ results: this.results });
    this.results = [];
    this.waiting = this.waiting.filter(({ below, resolve }) => {
      if (this.inFlight >= below) return true;
      resolve();
      return false;
    });
  }
}

/** Objects that match, found in slices that leave the thread to others. */
async function* selected(objects: readonly Cached[], matches: (object: Cached) => boolean): AsyncGenerator<Cached> {
  const STEP = 1000;
  for (let at = 0; at < objects.length; at += STEP) {
    const found: Cached[] = [];
    await slices(objects.slice(at, at + STEP), (object) => {
      if (matches(object)) found.push(object);
    });
    yield* found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

