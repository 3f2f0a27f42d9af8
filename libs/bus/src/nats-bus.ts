import { rest, type Clock } from '@navarch/clock';
import { isTapped, tellBoundary } from '@navarch/component-base';
import { changev1, MessagePacker, type PackedType } from '@navarch/proto';
import type { Subscription } from 'nats';
import { Connection } from './connection';
import { MessageQueue } from './message-queue';
import { bookmarkSubject, changeFilter, changeSubject, heartbeatSubject, usageSubject, type ClassTokens } from './subjects';
import type { BusCredentials, BusLog, BusSubscription, ChangeFeed, ChangeHandler, ChangePublisher, HeartbeatFeed, QueueLimits, UsageFeed } from './types';
import { UserKey } from './user-key';

/** Rules 3.10. */
const QUEUE_LIMITS: QueueLimits = { messages: 50_000, bytes: 32 * 1024 * 1024 };
/** Sent but not yet seen by the server; above it messages are dropped, as a gap that consumers notice. */
const MAX_UNSEEN_BYTES = 32 * 1024 * 1024;
const FLUSH_EVERY_BYTES = 1024 * 1024;
/** Credentials are renewed when this part of their life is over, give or take a tenth. */
const RENEW_AFTER = 0.75;
const RETRY_MS = { first: 250, last: 5_000 };
/** The bodies that are queued count for bytes; this is what a message costs besides. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;

export interface NatsBusOptions {
  /** Shown in NATS' own monitoring. */
  readonly name: string;
  /** Instead of the servers that the credentials name. */
  readonly servers?: readonly string[];
  /** PEM file of the authority that signed the server's certificate, read for every connection; absent for a plain one. */
  readonly caFile?: string;
  readonly queueLimits?: QueueLimits;
}

export interface NatsBusDeps {
  readonly clock: Clock;
  readonly log: BusLog;
  /** Fetches a user JWT for this public key; its seed never leaves the process. */
  readonly credentials: (userPublicKey: string, signal: AbortSignal) => Promise<BusCredentials>;
}

/** What the bus has done so far, for metrics. */
export interface BusCounters {
  published: number;
  /** Not sent, as there was no connection or too much was under way. */
  dropped: number;
  received: number;
  /** Received, but not what the contract says. */
  malformed: number;
  overflows: number;
  connects: number;
}

interface Registration {
  readonly subject: string;
  readonly onMessage: (subject: string, data: Uint8Array) => void;
  /** The connection it is made on, while there is one. */
  made: { readonly on: Connection; readonly subscription: Subscription } | undefined;
}

/**
 * The process's connection to core NATS. It starts in the background and keeps trying: no readiness depends on it.
 * Before credentials end, a second connection is made with new ones and takes over before the first is closed, so
 * that a renewal loses nothing (what arrives twice is ignored by its version).
 */
export class NatsBus implements ChangeFeed, ChangePublisher, HeartbeatFeed, UsageFeed {
  readonly counters: BusCounters = { published: 0, dropped: 0, received: 0, malformed: 0, overflows: 0, connects: 0 };
  readonly #options: NatsBusOptions;
  readonly #deps: NatsBusDeps;
  readonly #registrations = new Set<Registration>();
  readonly #listeners = new Set<(connected: boolean) => void>();
  #connection: Connection | undefined;
  #stopping: AbortController | undefined;
  #running: Promise<void> | undefined;
  #renewNow: (() => void) | undefined;
  readonly #packer = new MessagePacker();
  #unseenBytes = 0;
  #bytesSinceFlush = 0;

  constructor(options: NatsBusOptions, deps: NatsBusDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get connected(): boolean {
    return this.#connection?.up ?? false;
  }

  /** Returns at once; the connection is made, and kept, in the background. */
  start(): Promise<void> {
    if (this.#stopping === undefined) {
      this.#stopping = new AbortController();
      this.#running = this.#run(this.#stopping.signal);
    }
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new Error('bus stopped'));
    await this.#running;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
    this.#stopping = undefined;
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publishChange(change: changev1.Change, node = ''): boolean {
    const { key } = change;
    if (key?.resource === undefined) throw new Error('publish a change: it has no key');
    const { group, resource } = key.resource;
    return this.#publish(changeSubject({ group, resource, node, namespace: key.namespace, name: key.name }), changev1.Change, change);
  }

  publishBookmark(of: ClassTokens, bookmark: changev1.Change): boolean {
    return this.#publish(bookmarkSubject(of), changev1.Change, bookmark);
  }

  publishHeartbeat(heartbeat: changev1.Heartbeat): boolean {
    return this.#publish(heartbeatSubject(heartbeat.node), changev1.Heartbeat, heartbeat);
  }

  publishUsage(usage: changev1.Usage): boolean {
    return this.#publish(usageSubject(usage.node), changev1.Usage, usage);
  }

  subscribeChanges(of: ClassTokens, handler: ChangeHandler): BusSubscription {
    const bookmarks = bookmarkSubject(of);
    return this.#subscribe([changeFilter(of), bookmarks], {
      deliver: (subject, data) => {
        const change = this.#decode(subject, data, changev1.Change);
        if (change === undefined) return;
        if (subject === bookmarks) handler.onBookmark(change);
        else handler.onChange(change);
      },
      onOverflow: () => handler.onOverflow(),
    });
  }

  subscribeHeartbeats(onHeartbeat: (heartbeat: changev1.Heartbeat) => void): BusSubscription {
    return this.#subscribeNodes('heartbeat.*', changev1.Heartbeat, heartbeatSubject, onHeartbeat);
  }

  subscribeUsage(onUsage: (usage: changev1.Usage) => void): BusSubscription {
    return this.#subscribeNodes('usage.*', changev1.Usage, usageSubject, onUsage);
  }

  #subscribeNodes<T extends { readonly node: string }>(subjects: string, type: { decode(input: Uint8Array): T }, subjectOf: (node: string) => string, deliver: (message: T) => void): BusSubscription {
    return this.#subscribe([subjects], {
      deliver: (subject, data) => {
        const message = this.#decode(subject, data, type);
        // Anyone who may publish for one node must not speak for another.
        if (message !== undefined && subjectOf(message.node) === subject) deliver(message);
      },
      onOverflow: () => undefined,
    });
  }

  #subscribe(subjects: readonly string[], handler: { deliver: (subject: string, data: Uint8Array) => void; onOverflow: () => void }): BusSubscription {
    const queue = new MessageQueue({
      limits: this.#options.queueLimits ?? QUEUE_LIMITS,
      deliver: handler.deliver,
      onOverflow: () => {
        this.counters.overflows++;
        unsubscribe();
        handler.onOverflow();
      },
    });
    const registrations = subjects.map((subject): Registration => ({ subject, onMessage: (actual, data) => queue.push(actual, data), made: undefined }));
    const unsubscribe = (): void => {
      queue.close();
      for (const registration of registrations) {
        this.#registrations.delete(registration);
        registration.made?.subscription.unsubscribe();
      }
    };
    for (const registration of registrations) this.#registrations.add(registration);
    if (this.#connection) this.#subscribeAll(this.#connection);
    return { unsubscribe };
  }

  #decode<T>(subject: string, data: Uint8Array, message: { decode(input: Uint8Array): T }): T | undefined {
    this.counters.received++;
    try {
      const decoded = message.decode(data);
      if (isTapped()) tellBoundary({ carrier: 'nats', direction: 'in', what: subject, bytes: data.length, message: () => decoded });
      return decoded;
    } catch (error) {
      const count = ++this.counters.malformed;
      // A flood of them must not become a flood of lines.
      if ((count & (count - 1)) === 0) this.#deps.log.warn({ subject, bytes: data.length, count, err: error }, 'malformed bus message ignored');
      return undefined;
    }
  }

  #publish<T>(subject: string, type: PackedType<T>, message: T): boolean {
    const data = this.#packer.pack(type, message);
    const connection = this.#connection;
    if (connection?.up !== true || this.#unseenBytes > MAX_UNSEEN_BYTES || data.length > MAX_PAYLOAD_BYTES) {
      this.counters.dropped++;
      return false;
    }
    connection.publish(subject, data);
    if (isTapped()) tellBoundary({ carrier: 'nats', direction: 'out', what: subject, bytes: data.length, message: () => message });
    this.counters.published++;
    this.#unseenBytes += data.length;
    this.#bytesSinceFlush += data.length;
    if (this.#bytesSinceFlush >= FLUSH_EVERY_BYTES) this.#noteWhenSeen(connection);
    return true;
  }

  #noteWhenSeen(connection: Connection): void {
    const bytes = this.#bytesSinceFlush;
    this.#bytesSinceFlush = 0;
    const seen = (): void => {
      this.#unseenBytes = Math.max(0, this.#unseenBytes - bytes);
    };
    // A connection that closes answers no flush: what it held is gone either way.
    connection.flush().then(seen, seen);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const key = new UserKey();
    const stopping = (): boolean => signal.aborted;
    let retryMs = RETRY_MS.first;
    while (!stopping()) {
      try {
        const credentials = await this.#deps.credentials(key.publicKey, signal);
        await this.#takeOver(credentials, key);
        retryMs = RETRY_MS.first;
        await this.#untilRenewal(credentials, signal);
      } catch (error) {
        if (stopping()) return;
        this.#deps.log.debug({ err: error, retryMs }, 'no bus connection yet');
        await rest(this.#deps.clock, retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  /** Connects with new credentials, subscribes to everything, and only then lets the old connection go. */
  async #takeOver(credentials: BusCredentials, key: UserKey): Promise<void> {
    const { name, caFile, servers = credentials.servers } = this.#options;
    const ifCurrent = (act: () => void) => (): void => {
      if (this.#connection === connection) act();
    };
    const connection: Connection = await Connection.open({ name, credentials: { ...credentials, servers }, key, caFile }, {
      onUp: ifCurrent(() => this.#onUp()),
      onDown: ifCurrent(() => this.#tell(false)),
      onRefused: ifCurrent(() => this.#renewNow?.()),
    }, this.#deps);
    try {
      this.#subscribeAll(connection);
      await connection.flush();
    } catch (error) {
      await connection.close();
      throw error;
    }
    const previous = this.#connection;
    const wasUp = previous?.up ?? false;
    this.#connection = connection;
    // What was asked for while the flush was under way.
    this.#subscribeAll(connection);
    this.counters.connects++;
    this.#deps.log.info({ renewal: previous !== undefined }, 'bus connected');
    if (!wasUp) this.#onUp();
    await previous?.close();
  }

  /** Moves every subscription to this connection; messages that come on both are told apart by their versions. */
  #subscribeAll(connection: Connection): void {
    for (const registration of this.#registrations) {
      if (registration.made?.on === connection) continue;
      registration.made = { on: connection, subscription: connection.subscribe(registration.subject, registration.onMessage) };
    }
  }

  #onUp(): void {
    this.#unseenBytes = 0;
    this.#tell(true);
  }

  async #untilRenewal(credentials: BusCredentials, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const lifeMs = Math.max(0, credentials.expiresUnixMs - clock.now());
    const early = new AbortController();
    this.#renewNow = () => early.abort(new Error('credentials refused'));
    await rest(clock, lifeMs * (RENEW_AFTER + Math.random() * 0.1), signal, early.signal);
    this.#renewNow = undefined;
  }

  #tell(connected: boolean): void {
    for (const listener of [...this.#listeners]) listener(connected);
  }
}
