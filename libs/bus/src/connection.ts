import type { Clock } from '@navarch/clock';
import { connect, Events, type NatsConnection, type NatsError, type Subscription } from 'nats';
import type { BusCredentials, BusLog } from './types';
import type { UserKey } from './user-key';

/** The client's own reconnects; a jitter spreads a thousand nodes after a server's restart. */
const RECONNECT = { maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 500, ignoreAuthErrorAbort: true } as const;
/** How long a server may take to answer a connection that closes. One that has gone without a word is noticed by pings, half a minute later. */
const FAREWELL_MS = 1_000;

export interface ConnectionOptions {
  readonly name: string;
  readonly credentials: BusCredentials;
  readonly key: UserKey;
  /** PEM file of the authority that signed the server's certificate, read anew for every attempt; absent for a plain connection. */
  readonly caFile?: string | undefined;
}

export interface ConnectionEvents {
  onUp(): void;
  onDown(): void;
  /** The server refuses these credentials. */
  onRefused(): void;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: BusLog;
}

/** One NATS connection under one set of credentials. It reconnects by itself until it is closed. */
export class Connection {
  readonly #nats: NatsConnection;
  readonly #clock: Clock;
  readonly #log: BusLog;
  #up = true;

  private constructor(nats: NatsConnection, { clock, log }: ConnectionDeps) {
    this.#nats = nats;
    this.#clock = clock;
    this.#log = log;
  }

  /** Connects, or throws what NATS says. */
  static async open(options: ConnectionOptions, events: ConnectionEvents, deps: ConnectionDeps): Promise<Connection> {
    const { name, credentials, key, caFile } = options;
    const nats = await connect({
      ...RECONNECT,
      name,
      servers: [...credentials.servers],
      authenticator: (challenge) => ({ jwt: credentials.jwt, nkey: key.publicKey, sig: key.sign(challenge ?? '') }),
      inboxPrefix: credentials.inboxPrefix,
      pingInterval: 10_000,
      timeout: 5_000,
      ignoreClusterUpdates: true,
      ...(caFile === undefined ? {} : { tls: { caFile } }),
    });
    const connection = new Connection(nats, deps);
    connection.#follow(events).catch((error: unknown) => deps.log.warn({ err: error }, 'bus status stream ended'));
    return connection;
  }

  get up(): boolean {
    return this.#up && !this.#nats.isClosed();
  }

  publish(subject: string, data: Uint8Array): void {
    this.#nats.publish(subject, data);
  }

  subscribe(subject: string, onMessage: (subject: string, data: Uint8Array) => void): Subscription {
    return this.#nats.subscribe(subject, {
      callback: (error: NatsError | null, message) => {
        if (error) this.#log.warn({ subject, err: error }, 'bus subscription refused');
        else onMessage(message.subject, message.data);
      },
    });
  }

  /** Resolves when the server has seen all that was sent before. */
  flush(): Promise<void> {
    return this.#nats.flush();
  }

  /** Takes in what the server has sent already, then closes; a server that does not answer is not waited for. */
  async close(): Promise<void> {
    // The answer to a ping comes after all that was sent before it; a connection that is down has nothing to give.
    if (this.up) {
      const answered = new AbortController();
      const end = (): void => answered.abort();
      this.#nats.flush().catch((error: unknown) => this.#log.debug({ err: error }, 'bus connection ended before it was closed')).finally(end);
      await this.#clock.sleep(FAREWELL_MS, answered.signal).then(() => this.#log.debug({ afterMs: FAREWELL_MS }, 'bus connection closed without an answer'), () => undefined);
    }
    this.#up = false;
    await this.#nats.close();
  }

  async #follow(events: ConnectionEvents): Promise<void> {
    for await (const status of this.#nats.status()) {
      if (status.type === Events.Disconnect) {
        this.#up = false;
        events.onDown();
      } else if (status.type === Events.Reconnect) {
        this.#up = true;
        events.onUp();
      } else if (status.type === Events.Error) {
        this.#log.debug({ reason: status.data }, 'bus error');
        if (typeof status.data === 'string' && /AUTHORIZATION_VIOLATION|AUTHENTICATION|ACCOUNT_EXPIRED/.test(status.data)) events.onRefused();
      }
    }
  }
}
