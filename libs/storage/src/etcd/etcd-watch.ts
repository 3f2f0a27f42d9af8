import { type ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { type Clock, type Timer } from '@navarch/clock';
import { type IWatchRequest, type IWatchResponse } from 'etcd3';
import { type StorageLog } from '../log';
import { isStoreError } from '../store-error';
import { type StoreWatch, type WatchSink } from '../types';
import { type RpcStubs } from './rpc-stubs';
import { tellEtcd } from './tell-etcd';
import { type GatheredRevision, RevisionGatherer } from './revision-gatherer';

/** What a watch asks for. */
export interface WatchScope {
  readonly key: Buffer;
  readonly range_end: Buffer;
  /** Whether the store tells how far it is where no key shows it. */
  readonly progress_notify: boolean;
}

/** A range from "\0" to "\0" is the whole key space: every revision is seen by its events. */
export const everyKey: WatchScope = { key: Buffer.from([0]), range_end: Buffer.from([0]), progress_notify: false };
/**
 * Every key of ours, for stores that do not know the whole key space as a range (kine sees no key in it). Revisions of keys that are the store's own,
 * or of none, are learnt by its progress notices.
 */
export const everySlashKey: WatchScope = { key: Buffer.from('/'), range_end: Buffer.from('0'), progress_notify: true };

const backoffMs = { first: 50, most: 2_000 } as const;
const createTimeoutMs = 3_000;

export interface EtcdWatchDeps {
  readonly scope: WatchScope;
  /** Opens an own channel to a member; the number only ever rises, so that each attempt may go to the next one. */
  openMember(attempt: number): RpcStubs;
  /** Rejects with 'compacted' when events after the revision may be gone. */
  verifyHistory(revision: number): Promise<void>;
  readonly clock: Clock;
  readonly log: StorageLog;
}

/** One watch over all keys, kept across cuts, members and elections (rules 2.1). */
export class EtcdWatch implements StoreWatch {
  #stream: WatchStream | undefined;
  #retry: Timer | undefined;
  #attempt = 0;
  #failures = 0;
  #closed = false;

  constructor(private next: number, private readonly sink: WatchSink, private readonly deps: EtcdWatchDeps) {
    this.#open();
  }

  reopen(): void {
    if (this.#closed) return;
    this.#stream?.close();
    this.#retry?.cancel();
    this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
    this.#retry?.cancel();
  }

  #open(): void {
    this.#stream = new WatchStream(this.next, this.deps.openMember(this.#attempt++), this.deps, {
      onOpened: () => {
        this.#failures = 0;
        this.sink.onOpened();
      },
      onRevision: ({ revision, events }) => {
        this.next = revision + 1;
        this.sink.onRevision(revision, events);
      },
      onCompacted: (revision) => {
        this.close();
        this.sink.onCompacted(revision);
      },
      onBroken: (reason) => this.#retryLater(reason),
    });
  }

  #retryLater(reason: string): void {
    const ms = Math.min(backoffMs.first * 2 ** this.#failures++, backoffMs.most);
    this.deps.log.warn({ reason, nextRevision: this.next, retryMs: ms }, 'etcd watch broke, opening it on the next member');
    this.#retry = this.deps.clock.setTimeout(() => this.#open(), ms);
  }
}

interface StreamSink {
  onOpened(): void;
  onRevision(revision: GatheredRevision): void;
  onCompacted(revision: number): void;
  onBroken(reason: string): void;
}

/** One stream of the watch, from opening to its first failure. After `close` or a failure it is silent. */
class WatchStream {
  readonly #gatherer = new RevisionGatherer();
  #call: ClientDuplexStream<IWatchRequest, IWatchResponse> | undefined;
  #timer: Timer | undefined;
  #ended = false;
  /** Revisions that wait until it is certain that none before them was compacted away. */
  #held: GatheredRevision[] | undefined;
  #verified = false;
  #delivered = 0;

  constructor(
    private readonly from: number,
    private readonly member: RpcStubs,
    private readonly deps: EtcdWatchDeps,
    private readonly sink: StreamSink,
  ) {
    this.#timer = deps.clock.setTimeout(() => this.#break('no answer to the watch request'), createTimeoutMs);
    member.stub('Watch').then((stub) => {
      if (this.#ended) return;
      const metadata = new Metadata();
      metadata.set('hasleader', 'true'); // else a member without quorum stays open and silent
      this.#listen(stub.watch(metadata, {}), stub.watch.path);
    }, (error: unknown) => this.#break(String(error)));
  }

  close(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#call?.cancel();
    this.member.close();
  }

  #listen(call: ClientDuplexStream<IWatchRequest, IWatchResponse>, path: string): void {
    this.#call = call;
    call.on('data', (response: IWatchResponse) => {
      tellEtcd('in', path, response);
      if (!this.#ended) this.#receive(response);
    });
    call.on('error', (error: Error) => this.#break(error.message));
    call.on('end', () => this.#break('the member ended the stream'));
    const request = { create_request: { ...this.deps.scope, start_revision: this.from, fragment: true } };
    tellEtcd('out', path, request);
    call.write(request);
  }

  #receive(response: IWatchResponse): void {
    const compacted = Number(response.compact_revision);
    if (compacted > 0) {
      this.#compacted(compacted);
      return;
    }
    if (response.canceled) {
      this.#break(response.cancel_reason || 'the member cancelled the watch');
      return;
    }
    if (response.created) {
      this.#timer?.cancel();
      this.sink.onOpened();
    }
    const revisions = this.#gatherer.add(response);
    const progress = response.created ? undefined : this.#progress(response);
    if (progress !== undefined) revisions.push(progress);
    if (revisions.length === 0) return;
    if (this.#verified) this.#deliver(revisions);
    else if (this.#held) this.#held.push(...revisions);
    else this.#verify(revisions);
  }

  /** A response without events says that none is missing up to its revision. */
  #progress({ header, events, fragment }: IWatchResponse): GatheredRevision | undefined {
    const revision = Number(header.revision);
    return this.deps.scope.progress_notify && events.length === 0 && !fragment && revision >= this.from ? { revision, events: [] } : undefined;
  }

  /**
   * etcd 3.4 starts a watch at the compacted revision without a word, and without that revision's deletes (rules
   * 1.9). Asked after the first events arrived, the answer holds for the moment they were read.
   */
  #verify(revisions: GatheredRevision[]): void {
    this.#held = revisions;
    this.deps.verifyHistory(this.from - 1).then(() => {
      if (this.#ended) return;
      this.#verified = true;
      const held = this.#held ?? [];
      this.#held = undefined;
      this.#deliver(held);
    }, (error: unknown) => {
      if (isStoreError(error, 'compacted')) this.#compacted(this.from);
      else this.#break(String(error));
    });
  }

  #deliver(revisions: readonly GatheredRevision[]): void {
    for (const revision of revisions) {
      if (this.#ended) return;
      if (revision.revision <= this.#delivered) continue; // progress without news
      this.#delivered = revision.revision;
      this.sink.onRevision(revision);
    }
  }

  #compacted(revision: number): void {
    if (this.#ended) return;
    this.close();
    this.sink.onCompacted(revision);
  }

  #break(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.sink.onBroken(reason);
  }
}
