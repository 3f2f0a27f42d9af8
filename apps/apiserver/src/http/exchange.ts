import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type Status, timeout } from '@navarch/apimachinery';
import { type Abandonment, anonymous, type Deadline, LazyAbandonment, type User } from '../pipeline';
import type { Connection } from './connection';
import type { RequestInfo } from './request-info';

export type Request = IncomingMessage | Http2ServerRequest;
/** The two kinds of response share what is used here; http2's writeHead only types its headers otherwise. */
export type Response = ServerResponse | Http2ServerResponse;

/** What came with `Connection: Upgrade`. */
export interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** One request and its answer on their way through the pipeline. */
export class Exchange {
  user: User = anonymous;
  /** What the answer says in its head besides, whoever gives it. Set on the response one by one they would take node's slow path. */
  headers: Readonly<Record<string, string>> = NO_HEADERS;
  /** Texts for `Warning` headers. */
  readonly warnings: string[] = [];
  readonly startedAt = performance.now();
  bytesWritten = 0;
  /** Of the body, where it is read here. */
  bytesRead = 0;
  /** What is asked for is served here: for metrics, whose labels must not come from whatever clients make up. */
  isServed = false;
  /** Told once, when the answer begins. */
  onStarted: (() => void) | undefined;
  /** Awaited when the whole answer is made, before the client has all of it. */
  beforeEnd: ((code: number) => Promise<unknown>) | undefined;
  /** Told when a watch has sent what it begins with. */
  onInitialized: (() => void) | undefined;
  /** What the request was refused with. */
  refusal: Status | undefined;
  /** What the body says of the object, where the request is audited. */
  sent: { readonly name?: string; readonly namespace?: string; readonly uid?: string; readonly resourceVersion?: string } | undefined;
  /** Who impersonates `user`, if somebody does. */
  caller: User | undefined;
  /** The verb that allowed that, unless it was the plain one. */
  impersonationConstraint: string | undefined;
  /** The audit policy wants to know of this request. */
  isAudited = false;
  /** Kept for the audit where the policy wants them. */
  bodies: { request?: Buffer; response?: Buffer } | undefined;
  /** Notes for the audit event, made on first use. */
  annotations: Record<string, string> | undefined;
  private code = 0;
  private auditId: string | undefined;
  private abandoning: LazyAbandonment | undefined;

  constructor(
    readonly request: Request,
    readonly response: Response,
    readonly info: RequestInfo,
    readonly query: URLSearchParams,
    /** The bare connection, where the client wants another protocol on it; whoever uses it leaves `response` alone. */
    readonly upgrade?: Upgrade,
    /** Absent for an upgrade: whoever uses the bare connection knows best what its end in one direction means. */
    private readonly connection?: Connection,
  ) {
    // Nothing is awaited before a write is watched, so that no end is missed.
    if (this.isWrite) this.abandoning = this.untilGone();
  }

  /** Of the answer, once its head is written; 0 before. */
  get status(): number {
    return this.code;
  }

  set status(code: number) {
    this.code = code;
    const tell = this.onStarted;
    this.onStarted = undefined;
    tell?.();
  }

  get id(): string {
    if (this.auditId === undefined) {
      const given = this.request.headers['audit-id'];
      this.auditId = typeof given === 'string' && given.length <= 256 ? given : randomUUID();
    }
    return this.auditId;
  }

  /** Set when the time of the request begins to count. */
  deadline: Deadline | undefined;

  /** Aborts when the client goes away, and by `abandon`. Most reads never need it. */
  get signal(): AbortSignal {
    return this.abandonment.signal;
  }

  /** The same, for those who only ask. */
  get abandonment(): Abandonment {
    return (this.abandoning ??= this.untilGone());
  }

  /** Nobody waits for the outcome any more: what has not been written yet is not. */
  abandon(reason: Error): void {
    (this.abandoning ??= this.untilGone()).abort(reason);
  }

  private get isWrite(): boolean {
    return this.request.method !== 'GET' && this.request.method !== 'HEAD';
  }

  private untilGone(): LazyAbandonment {
    const abandoning = new LazyAbandonment(this);
    const gone = (): void => abandoning.abort(CLIENT_GONE);
    const forget = this.connection?.onGone(gone);
    this.response.on('close', () => {
      forget?.();
      // A write that was answered is over; who watches has still to be told.
      if (!this.isWrite || !this.response.writableEnded) gone();
    });
    return abandoning;
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** The first to say something about a key has said it. `Request`: only where the audit event shows the request's object too. */
  annotate(key: string, value: string, from?: 'Request'): void {
    if (from === undefined || this.bodies) (this.annotations ??= {})[key] ??= value;
  }

  get userAgent(): string {
    const agent = this.request.headers['user-agent'];
    return agent ?? '';
  }
}

/** As upstream's `finisher` answers a context that was cancelled; made once, as its stack says nothing. */
const CLIENT_GONE = timeout('request did not complete within requested timeout - context canceled');

const NO_HEADERS = {};

/** A request that has no query shares this. */
export const NO_QUERY = new URLSearchParams();
