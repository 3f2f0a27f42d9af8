import type { changev1 } from '@navarch/proto';
import type { ClassTokens } from './subjects';

/** What the apiserver's IdentityService mints for a caller's certificate. */
export interface BusCredentials {
  readonly jwt: string;
  readonly expiresUnixMs: number;
  /** Where NATS is found, such as `nats://127.0.0.1:4222`. */
  readonly servers: readonly string[];
  /** Prefix of the subjects on which only this connection may receive answers. */
  readonly inboxPrefix: string;
}

/** The part of a logger that the bus needs; a pino logger is one. */
export interface BusLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Limits of one subscription's queue (rules 3.10). */
export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Receives one class's messages, in the order of their arrival, from the thread's own turn. */
export interface ChangeHandler {
  onChange(change: changev1.Change): void;
  onBookmark(bookmark: changev1.Change): void;
  /** More arrived than the queue holds: what it held is dropped and the subscription has ended. */
  onOverflow(): void;
}

export interface BusSubscription {
  unsubscribe(): void;
}

/** Where changes come from: what an informer needs of the bus. */
export interface ChangeFeed {
  readonly connected: boolean;
  /** Told when the connection is lost (messages may be missing from now on) and when it is back. */
  onConnection(listener: (connected: boolean) => void): () => void;
  subscribeChanges(of: ClassTokens, handler: ChangeHandler): BusSubscription;
}

/** Where changes go to. All methods drop the message, and say so, while there is no connection: never an authority. */
export interface ChangePublisher {
  /** `node` is the pod's node, by which its subject is named; empty for everything else. */
  publishChange(change: changev1.Change, node?: string): boolean;
  publishBookmark(of: ClassTokens, bookmark: changev1.Change): boolean;
}

/** Signs of life. */
export interface HeartbeatFeed {
  publishHeartbeat(heartbeat: changev1.Heartbeat): boolean;
  subscribeHeartbeats(onHeartbeat: (heartbeat: changev1.Heartbeat) => void): BusSubscription;
}

/** Samples of what nodes use. */
export interface UsageFeed {
  publishUsage(usage: changev1.Usage): boolean;
  subscribeUsage(onUsage: (usage: changev1.Usage) => void): BusSubscription;
}
