import { dirname, join } from 'node:path';
import {
  loadPackageDefinition, Server, ServerCredentials, status, type GrpcObject, type sendUnaryData, type ServerDuplexStream, type ServerUnaryCall,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { IEvent, IKeyValue, IRangeRequest, ITxnRequest, IWatchRequest, IWatchResponse } from 'etcd3';
import { KineLog, refusal, type KineRow } from './kine-log';

const progressMs = 100;
/** etcd's numbers of a compare's target and result. */
const compareMod = 2;
const compareEqual = 0;
const unsupported = (field: string): Error => refusal(status.UNIMPLEMENTED, `${field} is not implemented by kine`);
const text = (key: Buffer | string | undefined): string => key?.toString() ?? '';
const header = (revision: number): object => ({ revision: String(revision) });
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function keyValue(row: KineRow): Omit<IKeyValue, 'version'> {
  return { key: Buffer.from(row.key), value: row.deleted ? Buffer.alloc(0) : row.value, mod_revision: String(row.revision), create_revision: String(row.createRevision), lease: String(row.lease) };
}

/**
 * A server that holds to what kine (0.17) takes of etcd's v3 API, with automatic compaction off: transactions of one key in three forms, each under a
 * revision of its own; leases that are only a time to live; ranges without filters; watches that know no range of the whole key space; no cluster id.
 * Everything else it refuses as kine does. Rows are in memory, and leased keys do not expire.
 */
export class KineDouble {
  readonly log = new KineLog();
  readonly #server = new Server();
  readonly #timers = new Set<NodeJS.Timeout>();
  #watches = 0;
  endpoint = '';

  /** Listens on a free port of the loopback, without TLS, unless told otherwise. */
  async start({ address = '127.0.0.1:0', serverCredentials = ServerCredentials.createInsecure() } = {}): Promise<this> {
    // etcd3's own contract: what the store speaks.
    const etcd = loadPackageDefinition(
      loadSync(join(dirname(require.resolve('etcd3/package.json')), 'proto/rpc.proto'), { keepCase: true, longs: String, defaults: true, oneofs: true }),
    )['etcdserverpb'] as GrpcObject;
    const service = (name: string): ServiceClientConstructor['service'] => (etcd[name] as ServiceClientConstructor).service;
    this.#server.addService(service('KV'), {
      Range: this.#unary((request: IRangeRequest) => this.#range(request)),
      Txn: this.#unary((request: ITxnRequest) => this.#txn(request)),
      Compact: this.#unary(({ revision }: { revision: string }) => {
        this.log.compact(Number(revision));
        return { header: header(this.log.revision) };
      }),
      DeleteRange: this.#unary(() => {
        throw unsupported('delete');
      }),
    });
    // An id that is the time to live: nobody is told of one that was never granted.
    this.#server.addService(service('Lease'), { LeaseGrant: this.#unary(({ TTL }: { TTL: string }) => ({ header: {}, ID: TTL, TTL })) });
    this.#server.addService(service('Watch'), { Watch: (stream: ServerDuplexStream<IWatchRequest, Partial<IWatchResponse>>) => this.#watch(stream) });
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, serverCredentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    this.endpoint = `http://127.0.0.1:${port}`;
    return this;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#server.forceShutdown();
  }

  #unary<Request, Response>(answer: (request: Request) => Response) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      try {
        callback(null, answer(call.request));
      } catch (error) {
        callback(error as Error);
      }
    };
  }

  #range(request: IRangeRequest): object {
    const zero = ['max_create_revision', 'min_create_revision', 'max_mod_revision', 'min_mod_revision'] as const;
    for (const field of zero) if (Number(request[field] ?? 0) !== 0) throw unsupported(field);
    if (request.serializable) throw unsupported('serializable');
    if (Number(request.sort_order ?? 0) !== 0) throw unsupported('sortOrder');
    const [limit, at, end] = [Number(request.limit ?? 0), Number(request.revision ?? 0), text(request.range_end)];
    if (end === '' && limit > 1) throw unsupported('limit');
    const rows = this.log.list(text(request.key), end, at);
    const some = limit > 0 ? rows.slice(0, limit) : rows;
    return { header: header(this.log.revision), kvs: request.count_only ? [] : some.map(keyValue), count: String(rows.length), more: some.length < rows.length };
  }

  /** The forms that kine knows: create, update and delete, each of one key compared by its mod_revision, each with a range for the loser. */
  #txn({ compare = [], success = [], failure = [] }: ITxnRequest): object {
    const [compared, then, otherwise] = [compare[0], success[0], failure[0]];
    const known = compare.length === 1 && success.length === 1 && failure.length <= 1 && Number(compared?.target) === compareMod && Number(compared?.result ?? 0) === compareEqual;
    if (!known || (otherwise && !otherwise.request_range)) throw refusal(status.INVALID_ARGUMENT, 'etcdserver: unsupported operations in txn request');
    const [key, expected] = [text(compared?.key), Number(compared?.mod_revision ?? 0)];
    const last = this.log.last(key);
    const live = last?.deleted ? undefined : last;
    if (then?.request_put && (otherwise || expected === 0)) {
      if ((live?.revision ?? 0) !== expected) return this.#lost(live, otherwise !== undefined);
      const { value, lease } = then.request_put;
      const revision = this.log.append({ key, value: Buffer.from(value ?? ''), deleted: false, createRevision: live?.createRevision ?? 0, lease: Number(lease ?? 0) });
      return { header: header(revision), succeeded: true, responses: [{ response_put: { header: header(revision) } }] };
    }
    if (then?.request_delete_range && otherwise) {
      // A key it never had, it says it has deleted.
      if (last === undefined) return this.#deleted(this.log.revision, []);
      if (live?.revision !== expected) return this.#lost(live, true);
      return this.#deleted(this.log.append({ key, value: Buffer.alloc(0), deleted: true, createRevision: live.createRevision, lease: 0 }), [keyValue(live)]);
    }
    throw refusal(status.INVALID_ARGUMENT, 'etcdserver: unsupported operations in txn request');
  }

  #deleted(revision: number, previous: readonly object[]): object {
    return { header: header(revision), succeeded: true, responses: [{ response_delete_range: { header: header(revision), prev_kvs: previous, deleted: String(previous.length) } }] };
  }

  #lost(live: KineRow | undefined, read: boolean): object {
    const kvs = live ? [keyValue(live)] : [];
    const { revision } = this.log;
    return { header: header(revision), succeeded: false, responses: read ? [{ response_range: { header: header(revision), kvs, count: String(kvs.length) } }] : [] };
  }

  #watch(stream: ServerDuplexStream<IWatchRequest, Partial<IWatchResponse>>): void {
    const ends: (() => void)[] = [];
    stream.on('data', ({ create_request }: IWatchRequest) => {
      if (create_request) ends.push(this.#follow(stream, create_request));
    });
    const end = (): void => {
      for (const stop of ends.splice(0)) stop();
    };
    stream.on('end', () => stream.end()).on('cancelled', end).on('close', end).on('error', end);
  }

  #follow(stream: ServerDuplexStream<IWatchRequest, Partial<IWatchResponse>>, request: NonNullable<IWatchRequest['create_request']>): () => void {
    const watch_id = String((this.#watches += 1));
    const say = (response: object): boolean => stream.write({ watch_id, ...response });
    const [from, end] = [text(request.key), text(request.range_end)];
    let seen = Math.max(Number(request.start_revision ?? 0) - 1, 0);
    if (seen === 0) seen = this.log.revision;
    say({ header: {}, created: true });
    const deliver = (): void => {
      let rows: KineRow[];
      try {
        rows = this.log.after(from, end, seen);
      } catch (error) {
        stop();
        say({ header: header(this.log.revision), canceled: true, cancel_reason: reason(error), compact_revision: String(this.log.compacted) });
        return;
      }
      seen = Math.max(seen, this.log.revision);
      if (rows.length > 0) say({ header: header(rows.at(-1)?.revision ?? 0), events: rows.map((row) => ({ type: row.deleted ? 1 : 0, kv: keyValue(row) }) as unknown as IEvent) });
    };
    // Its synced watches are told how far they are, every so often.
    const timer = setInterval(() => say({ header: header(seen) }), progressMs);
    if (request.progress_notify !== true) clearInterval(timer);
    this.#timers.add(timer);
    const unfollow = this.log.follow(deliver);
    const stop = (): void => {
      clearInterval(timer);
      this.#timers.delete(timer);
      unfollow();
    };
    deliver();
    return stop;
  }
}
