import type { CacheEvent, ResourceVersion, WatchType } from '@navarch/storage';
import type { KubeObject } from '@navarch/api';
import type { Cached } from '../registry/resource-store';

/** How a door and representation write watch events. Frames of one key are interchangeable, so watchers share them. */
export interface Framing {
  /** Names door, version and representation. */
  readonly key: string;
  /** How often watchers are told that nothing is missing. */
  readonly bookmarkEveryMs: number;
  event(event: CacheEvent<KubeObject>, type: WatchType): Buffer;
  /** ADDED for an object that was there before the watch began. */
  initial(object: Cached): Buffer;
  /** `initialEnd`: all objects that were there have been sent. */
  bookmark(version: ResourceVersion, initialEnd: boolean): Buffer;
  /** Several frames in one write; concatenation unless the door has an envelope. */
  combine?(frames: readonly Buffer[]): Buffer;
  /** How the first frame that a watcher gets is written, where that differs. */
  readonly first?: Framing;
  /** To be awaited before objects are framed, for kinds that somebody else converts. */
  readonly prepare?: (objects: readonly Cached[]) => Promise<void> | undefined;
}

/** Where one watcher's frames go. */
export interface WatchOutput {
  /** Bytes handed over and not yet taken by the client. */
  readonly waitingBytes: number;
  write(chunk: Buffer): void;
  /** Resolves when what was written has been taken, or the client is gone. */
  drained(): Promise<void>;
  /** Ends the watch in order; `reason` is for logs. */
  end(reason: string): void;
}
