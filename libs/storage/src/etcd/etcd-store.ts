import { randomUUID } from 'node:crypto';
import { type CallOptions } from '@grpc/grpc-js';
import { type Clock, systemClock } from '@navarch/clock';
import { type IRangeRequest, type IRangeResponse, type ITxnRequest, type ITxnResponse } from 'etcd3';
import { GroupCommitter } from '../group/group-committer';
import { groupedLimits, singleLimits } from '../group/write-queue';
import { LeasePool } from '../lease-pool';
import { type StorageLog } from '../log';
import { SharedRead } from '../shared-read';
import { isStoreError, StoreError, type StoreErrorCode } from '../store-error';
import {
  type CurrentRevision, type RangeOptions, type RangePage, type Store, type StoredValue, type StoreIdentity, type StoreWatch, type WatchSink,
  type Write, type WriteOp, type WriteOutcome, type WriteSignal,
} from '../types';
import { prefixEnd } from '../value/prefix-end';
import { commitByKey } from './commit-by-key';
import { callTimeoutMs, type EtcdStoreOptions, type EtcdTls } from './etcd-options';
import { EtcdWatch, everyKey, everySlashKey } from './etcd-watch';
import { Members, openStubs } from './members';
import { call } from './rpc-stubs';
import { childRequest, groupOutcomes, groupRequest, singleOutcome, storedValue } from './transaction';

/** Names the history in the store; a restore from backup rewrites it (rules 2.2). */
export const epochKey = '/navarch/epoch';

export interface EtcdStoreDeps {
  readonly log: StorageLog;
  readonly clock?: Clock;
  /** Told of every request to etcd: for upstream's `etcd_request_duration_seconds` and `etcd_request_errors_total`. */
  readonly onRequest?: (operation: EtcdOperation, durationMs: number, failure: StoreErrorCode | undefined) => void;
  /** Told of a write that was not sent because its caller was gone. */
  readonly onAbandoned?: (write: Write) => void;
}

export type EtcdOperation = 'txn' | 'range' | 'leaseGrant' | 'compact';

/** The store on an etcd cluster. */
export class EtcdStore implements Store {
  readonly #members: Members;
  readonly #committer: GroupCommitter;
  readonly #leases: LeasePool;
  readonly #clock: Clock;
  readonly #current = new SharedRead(() => this.#readCurrent());
  readonly #watches = new Set<StoreWatch>();

  constructor(private options: EtcdStoreOptions, private readonly deps: EtcdStoreDeps) {
    const single = options.transactions === 'single';
    this.#clock = deps.clock ?? systemClock;
    this.#members = new Members(options);
    this.#leases = new LeasePool((ttlSeconds) => this.#grantLease(ttlSeconds), this.#clock);
    const told = deps.onAbandoned ? { onAbandoned: deps.onAbandoned } : {};
    this.#committer = single
      ? new GroupCommitter({ limits: singleLimits, inFlight: 64, ...told }, (writes) => this.#commitAlone(writes))
      : new GroupCommitter({ limits: groupedLimits, inFlight: 2, ...told }, (writes) => this.#transact(groupRequest(writes), (response) => groupOutcomes(writes, response)));
  }

  commit(write: Write, signal?: WriteSignal): Promise<WriteOutcome> {
    return this.#committer.commit(write, signal);
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const { kvs } = await this.#range({ key: Buffer.from(key) });
    return kvs[0] && storedValue(kvs[0]);
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    const response = await this.#range({
      key: Buffer.from(options.fromKey ?? prefix),
      range_end: prefixEnd(prefix),
      limit: options.limit ?? 0,
      revision: options.revision ?? 0,
    });
    return {
      values: response.kvs.map(storedValue),
      revision: options.revision ?? Number(response.header.revision),
      more: response.more,
      count: Number(response.count),
    };
  }

  currentRevision(): Promise<CurrentRevision> {
    return this.#current.join();
  }

  async identity(): Promise<StoreIdentity> {
    const { clusterId, epoch } = await this.currentRevision();
    if (epoch !== '') return { clusterId, epoch };
    const json = Buffer.from(JSON.stringify(randomUUID()));
    await this.commit({ ops: [{ kind: 'put', key: epochKey, json, expectedModRevision: 0 }] }); // losing to another is as good
    return this.identity();
  }

  /**
   * Certificates for every connection from now on. The streams of watches stay: etcd looks at a certificate when a connection begins,
   * and no later. @throws for certificates that are none; the ones before stay then
   */
  renewTls(tls: EtcdTls): void {
    const renewed = { ...this.options, tls };
    this.#members.reopen(renewed);
    this.options = renewed;
  }

  leaseFor(ttlSeconds: number): Promise<string> {
    return this.#leases.leaseFor(ttlSeconds);
  }

  /** Knows of no other way to write a value. */
  isStale(): boolean {
    return false;
  }

  watch(fromRevision: number, sink: WatchSink): StoreWatch {
    const { endpoints } = this.options;
    const watch = new EtcdWatch(fromRevision, sink, {
      scope: this.options.transactions === 'single' ? everySlashKey : everyKey,
      openMember: (attempt) => openStubs(this.options, endpoints[attempt % endpoints.length] ?? '', { 'grpc.use_local_subchannel_pool': 1 }),
      verifyHistory: async (revision) => {
        if (revision > 0) await this.#range({ key: Buffer.from(epochKey), revision, keys_only: true });
      },
      clock: this.#clock,
      log: this.deps.log,
    });
    this.#watches.add(watch);
    return watch;
  }

  async compact(revision: number): Promise<void> {
    await this.#observed('compact', this.#members.once((member) => call(member.kv, member.kv.compact, { revision }, member.metadata, deadline('read'))));
  }

  /** Bytes that the database of a member takes on its disk. */
  sizeBytes(): Promise<number> {
    return this.#members.each(async (member) => {
      const maintenance = await member.stubs.stub('Maintenance');
      const { dbSize } = await call(maintenance, maintenance.status, {}, member.metadata, deadline('read'));
      return Number(dbSize);
    });
  }

  /** Why each member does not answer a read that asks for a quorum, as etcd's own /health does; undefined of one that answers. */
  async memberFailures(): Promise<(string | undefined)[]> {
    const asked = await this.#members.all((member) => call(member.kv, member.kv.range, { key: Buffer.from('health') }, member.metadata, deadline('read')));
    return asked.map((answer) => (answer.status === 'fulfilled' ? undefined : errorText(answer.reason)));
  }

  close(): Promise<void> {
    this.#committer.close();
    for (const watch of this.#watches) watch.close();
    this.#members.close();
    return Promise.resolve();
  }

  /** One write, as a transaction for each of its keys. */
  async #commitAlone([write]: readonly Write[]): Promise<WriteOutcome[]> {
    if (!write) return [];
    const outcome = await commitByKey(write, {
      commit: async (op: WriteOp) => {
        const one: Write = { ops: [op] };
        return this.#transact(childRequest(one, 0), (response) => singleOutcome(one, response));
      },
      get: (key) => this.get(key),
      onLeftBehind: (key, error) => this.deps.log.warn({ key, error: String(error) }, 'a claim could not be given back: nobody has it now'),
    });
    return [outcome];
  }

  async #transact<T>(request: ITxnRequest, outcomesOf: (response: ITxnResponse) => T): Promise<T> {
    try {
      const sent = this.#members.once((member) => call(member.kv, member.kv.txn, request, member.metadata, deadline('write')));
      return outcomesOf(await this.#observed('txn', sent));
    } catch (error) {
      if (isStoreError(error, 'leaseNotFound')) this.#leases.forget();
      throw error;
    }
  }

  #range(request: IRangeRequest): Promise<IRangeResponse> {
    return this.#observed('range', this.#members.each((member, isLast) => call(member.kv, member.kv.range, request, member.metadata, deadline(isLast ? 'lastRead' : 'read'))));
  }

  /** Reads the epoch instead of an absent key: as cheap, and every consistent read notices a restore. */
  async #readCurrent(): Promise<CurrentRevision> {
    const { header, kvs } = await this.#range({ key: Buffer.from(epochKey) });
    const epoch: unknown = kvs[0] ? JSON.parse(storedValue(kvs[0]).json.toString()) : '';
    if (typeof epoch !== 'string') throw new StoreError('foreignHistory', `${epochKey} is not a string`);
    return { revision: Number(header.revision), clusterId: header.cluster_id, epoch };
  }

  #grantLease(ttlSeconds: number): Promise<string> {
    return this.#observed('leaseGrant', this.#members.each(async (member, isLast) => {
      const lease = await member.stubs.stub('Lease');
      const { ID } = await call(lease, lease.leaseGrant, { TTL: ttlSeconds }, member.metadata, deadline(isLast ? 'lastRead' : 'read'));
      return ID;
    }));
  }

  async #observed<T>(operation: EtcdOperation, request: Promise<T>): Promise<T> {
    const { onRequest } = this.deps;
    if (!onRequest) return request;
    const start = performance.now();
    try {
      const answer = await request;
      onRequest(operation, performance.now() - start, undefined);
      return answer;
    } catch (error) {
      onRequest(operation, performance.now() - start, isStoreError(error) ? error.code : 'timeout');
      throw error;
    }
  }
}

function deadline(kind: Exclude<keyof typeof callTimeoutMs, 'connect'>): CallOptions {
  return { deadline: Date.now() + callTimeoutMs[kind] };
}

const errorText = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));
