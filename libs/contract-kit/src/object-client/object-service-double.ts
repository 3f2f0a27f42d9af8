import { badRequest, expired, isApiError, serviceUnavailable, toStatus, type ApiError, type JsonValue } from '@navarch/apimachinery';
import { objectv1 } from '@navarch/proto';
import { PushStream, type CallContext, type ServiceHandlers } from '@navarch/rpc';
import { KeptObjects, nameOf, resourceOf, type Kept, type Wanted } from './kept-objects';

type Operation = NonNullable<objectv1.WriteItem['operation']>;

/** A read that a client has made. */
export interface SeenRead {
  readonly verb: 'get' | 'snapshot' | 'watch';
  /** The class with its restrictions, or the object. */
  readonly of: string;
  readonly wanted: Wanted | undefined;
  /** Watches: the version it begins after. */
  readonly from: bigint;
  /** Snapshots: the version that was answered. Watches: the newest that was told, by an event or a bookmark. 0: none. */
  told: bigint;
  /** Watches: the version of the newest event that was told; the one it began after, if there was none. */
  lastEvent: bigint;
  state: 'open' | 'ended' | 'refused';
}

/** A write that a client has made. */
export interface SeenWrite {
  readonly verb: Operation['$case'];
  readonly resource: string;
  readonly key: objectv1.ObjectKey | undefined;
  readonly subresource: string;
  /** The version that its body was made for, if it names one. */
  readonly madeFor: string | undefined;
  outcome: 'done' | 'refused';
}

/** As an apiserver's object service. */
const bookmarkEveryMs = 5_000;
const classOf = ({ class: of, namespace, labelSelector, fieldSelector }: Wanted): string =>
  [nameOf(of?.resource), of?.node, namespace, labelSelector, fieldSelector].filter((part) => part !== undefined && part !== '').join(' ');
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/**
 * The object service as a client sees it, with every misfortune at will: watches that end, a history that is gone or is another one, writes that are
 * refused, nobody who answers. It keeps what it was asked.
 */
export class ObjectServiceDouble {
  readonly objects = new KeptObjects();
  readonly reads: SeenRead[] = [];
  readonly writes: SeenWrite[] = [];
  /** Asked before each write; an error is its answer. */
  refuse: (write: SeenWrite) => ApiError | undefined = () => undefined;
  #epoch = 1;
  #oldest = 0n;
  #down = false;
  /** Rises when all watches are to end. */
  #generation = 0;
  readonly #waiting = new Set<() => void>();

  constructor(objects: readonly Kept[]) {
    for (const object of objects) this.objects.create(resourceOf(object), object);
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Nobody answers, until it is set back. */
  setDown(down: boolean): void {
    this.#down = down;
    if (down) this.endWatches();
  }

  /** Ends every watch once it has told what there was to tell. */
  endWatches(): void {
    this.#generation++;
    this.changed();
  }

  /** Ends every watch, and forgets what happened before: who comes back with what it was told last comes too late. */
  forgetHistory(): void {
    this.#generation++;
    this.#oldest = this.objects.advance();
    this.changed();
  }

  /** Ends every watch, and begins another history, as a restore from a backup does. */
  beginAnotherHistory(): void {
    this.#epoch++;
    this.endWatches();
  }

  /** Tells watches of what `objects` was made to hold. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** @returns whether it came to be so within the time */
  async until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = AbortSignal.timeout(withinMs);
    while (!isSo()) {
      if (deadline.aborted) return false;
      await this.#next(deadline);
    }
    return true;
  }

  /** To be added to an RpcServer. */
  readonly handlers: ServiceHandlers<typeof objectv1.ObjectServiceService> = {
    get: async ({ key, subresource }) => {
      const read = this.#begin('get', `${nameOf(key?.resource)} ${key?.namespace ?? ''}/${key?.name ?? ''}${subresource === '' ? '' : ` ${subresource}`}`);
      return this.#answer(read, () => ({ object: json(this.objects.get(key)) }));
    },
    snapshot: (request) => this.#snapshot(request),
    watch: (request, context) => this.#watch(request, context),
    create: (value) => this.#unary({ $case: 'create', value }),
    update: (value) => this.#unary({ $case: 'update', value }),
    patch: (value) => this.#unary({ $case: 'patch', value }),
    delete: (value) => this.#unary({ $case: 'delete', value }),
    write: (frames) => this.#write(frames),
  };

  async *#snapshot(request: objectv1.SnapshotRequest): AsyncGenerator<objectv1.SnapshotResponse> {
    const read = this.#begin('snapshot', classOf(request), request);
    yield await this.#answer(read, () => {
      read.told = this.objects.version;
      return { epoch: this.#epochName, resourceVersion: read.told, objects: this.objects.list(request).map(json) };
    });
  }

  async *#watch(request: objectv1.WatchRequest, { signal }: CallContext): AsyncGenerator<objectv1.WatchResponse> {
    const read = this.#begin('watch', classOf(request), request, request.resourceVersion);
    const generation = this.#generation;
    if (this.#refusal(read) !== undefined) {
      read.state = 'refused';
      this.changed();
      throw this.#refusal(read) ?? serviceUnavailable('nobody answers');
    }
    let at = request.resourceVersion;
    try {
      while (!signal.aborted && generation === this.#generation) {
        const events = this.objects.eventsAfter(at, request);
        read.lastEvent = events.at(-1)?.resourceVersion ?? read.lastEvent;
        at = this.objects.version;
        read.told = at;
        yield { epoch: this.#epochName, events: [...events, { type: objectv1.EventType.BOOKMARK, resourceVersion: at, object: Buffer.alloc(0) }] };
        this.changed();
        // Only what it waits for wakes its reader, as bookmarks are what some clients take their time from.
        const bookmark = AbortSignal.timeout(bookmarkEveryMs);
        const over = AbortSignal.any([signal, bookmark]);
        const isNews = (): boolean => generation !== this.#generation || at !== this.objects.version;
        while (!isNews() && !over.aborted) await this.#next(over, isNews);
      }
    } finally {
      read.state = 'ended';
      this.changed();
    }
  }

  #refusal({ from }: SeenRead): ApiError | undefined {
    if (this.#down) return serviceUnavailable('nobody answers');
    if (from === 0n) return badRequest('a watch names the version it begins after');
    return from < this.#oldest ? expired(`too old resource version: ${from} (${this.#oldest})`) : undefined;
  }

  async *#write(frames: AsyncIterable<objectv1.WriteRequest>): AsyncGenerator<objectv1.WriteResponse> {
    this.#mustBeUp();
    const responses = new PushStream<objectv1.WriteResponse>();
    const reading = (async () => {
      for await (const { items } of frames) {
        this.#mustBeUp();
        const results = items.map(({ id, operation }): objectv1.WriteResult => ({ id, outcome: this.#outcome(operation) }));
        responses.push({ results });
      }
    })();
    reading.then(() => responses.end(), (error: unknown) => responses.fail(error));
    yield* responses;
  }

  #outcome(operation: objectv1.WriteItem['operation']): NonNullable<objectv1.WriteResult['outcome']> {
    try {
      if (!operation) throw badRequest('the item names no operation');
      return { $case: 'object', value: this.#perform(operation) };
    } catch (error) {
      return { $case: 'status', value: json(isApiError(error) ? error.status : toStatus(error)) };
    }
  }

  async #unary(operation: Operation): Promise<{ object: Buffer }> {
    this.#mustBeUp();
    return Promise.resolve({ object: this.#perform(operation) });
  }

  #perform({ $case: verb, value }: Operation): Buffer {
    const { key } = value;
    const subresource = 'subresource' in value ? value.subresource : '';
    const body = 'object' in value ? (parse(value.object) as Kept) : 'patch' in value ? (parse(value.patch) as Partial<Kept>) : undefined;
    const write: SeenWrite = { verb, resource: nameOf(key?.resource), key, subresource, madeFor: (body?.metadata as Partial<Kept['metadata']> | undefined)?.resourceVersion, outcome: 'refused' };
    this.writes.push(write);
    try {
      const refusal = this.refuse(write);
      if (refusal) throw refusal;
      const done = this.#done(write, value, body);
      write.outcome = 'done';
      return json(done);
    } finally {
      this.changed();
    }
  }

  #done({ verb, resource, key, subresource }: SeenWrite, value: Operation['value'], body: Partial<Kept> | undefined): object {
    if (verb === 'delete') return this.objects.delete(key);
    if (verb === 'patch') return this.objects.patch(key, (value as objectv1.PatchRequest).type, body as JsonValue);
    const object = body as Kept;
    if (verb === 'update') return this.objects.update(key, subresource, object);
    if (subresource === '') {
      return this.objects.create(resource, {
        ...object,
        metadata: {
          ...object.metadata,
          name: object.metadata.name || `made-${this.objects.version}`,
          ...(key?.namespace === undefined || key.namespace === '' ? {} : { namespace: key.namespace }),
        },
      });
    }
    const target = this.objects.get(key);
    const node = (object as { readonly target?: { readonly name: string } }).target?.name;
    if (subresource === 'binding') this.objects.update(key, '', { ...target, spec: { ...target.spec, nodeName: node } });
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  }

  #begin(verb: SeenRead['verb'], of: string, wanted?: Wanted, from = 0n): SeenRead {
    const read: SeenRead = { verb, of, wanted, from, told: 0n, lastEvent: from, state: 'open' };
    this.reads.push(read);
    this.changed();
    return read;
  }

  #answer<T>(read: SeenRead, answer: () => T): Promise<T> {
    read.state = 'refused';
    try {
      this.#mustBeUp();
      const given = answer();
      read.state = 'ended';
      return Promise.resolve(given);
    } finally {
      this.changed();
    }
  }

  get #epochName(): string {
    return `history-${this.#epoch}`;
  }

  #mustBeUp(): void {
    if (this.#down) throw serviceUnavailable('nobody answers');
  }

  /** When something has happened, or the signal says that it is too late, or `already` says that it has. */
  #next(signal: AbortSignal, already: () => boolean = () => false): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      if (signal.aborted || already()) {
        resolve();
        return;
      }
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
