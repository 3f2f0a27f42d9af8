import type { Target } from './http-connection';
import type { RequestTemplate } from './request-template';

/** Watches that are open while the requests go out; the job ends when each has seen its events. */
export interface WatchLoad {
  readonly watchers: number;
  /** Without a resourceVersion: watches begin at the version of `listPath`. */
  readonly path: string;
  readonly listPath: string;
  readonly eventsEach: number;
}

/** What a load process does: requests in a closed loop, each connection sending its next when the last is answered. */
export interface LoadJob {
  readonly target: Target;
  readonly connections: number;
  readonly request: RequestTemplate;
  readonly expectStatus: number;
  /** Number of the first request; those that warm up come first. */
  readonly first: number;
  /** Sent before anything is counted: a process that has just started is not what is measured. */
  readonly warmUp: number;
  readonly count: number;
  readonly spread?: number;
  readonly watch?: WatchLoad;
}

export interface LoadResult {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Bytes of bodies received, those of watches included. */
  readonly bytes: number;
  /** Processor time of the load process in between. */
  readonly clientCpuSeconds: number;
  readonly watch?: {
    readonly events: number;
    /** From the first request to the last event. */
    readonly seconds: number;
  };
}

/** Parent to load process, in this order. */
export type ToLoad = { readonly kind: 'job'; readonly job: LoadJob } | { readonly kind: 'go' };
/** Load process to parent: `ready` when connected and warm, then the result. */
export type FromLoad = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly result: LoadResult } | { readonly kind: 'failed'; readonly message: string };
