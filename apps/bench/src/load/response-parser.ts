/** What a response is made of, as it arrives. */
export interface ResponseSink {
  /** @param status of the response that begins */
  onHead(status: number): void;
  /** A part of the body, without the framing of chunks; valid only during the call. */
  onBody(data: Buffer): void;
  onEnd(): void;
}

type State = 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end';

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const empty = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 responses of one connection. Knows only what the servers under test send (Content-Length and chunks without
 * trailers), because the load generator shares the processors with them: Node's own client costs as much as the server.
 */
export class ResponseParser {
  #state: State = 'head';
  /** The beginning of something whose end has not come yet. */
  #rest: Buffer = empty;
  /** Bytes of the body or chunk that are still to come. */
  #remaining = 0;

  constructor(private readonly sink: ResponseSink) {}

  /** @param arrived is not kept: its memory may be used again. */
  push(arrived: Buffer): void {
    const data = this.#rest.length === 0 ? arrived : Buffer.concat([this.#rest, arrived]);
    this.#rest = empty;
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next === undefined) {
        this.#rest = Buffer.from(data.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Consumes one part from `at`; answers where it ended, or undefined if more is needed. */
  #step(data: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head': {
        const end = data.indexOf(headEnd, at);
        if (end < 0) return undefined;
        this.#head(data.toString('latin1', at, end));
        return end + headEnd.length;
      }
      case 'sized':
      case 'chunk':
        return this.#body(data, at);
      case 'chunk-size': {
        const end = data.indexOf(lineEnd, at);
        if (end < 0) return undefined;
        this.#remaining = Number.parseInt(data.toString('latin1', at, end), 16);
        if (Number.isNaN(this.#remaining)) throw new Error('a chunk without a size');
        this.#state = this.#remaining === 0 ? 'chunk-end' : 'chunk';
        return end + lineEnd.length;
      }
      case 'chunk-end': {
        if (data.length - at < lineEnd.length) return undefined;
        // After the last chunk the same line end closes the (empty) trailers.
        if (this.#remaining === 0) this.#end();
        else this.#state = 'chunk-size';
        return at + lineEnd.length;
      }
    }
  }

  #head(head: string): void {
    const status = Number(head.slice(9, 12));
    if (!head.startsWith('HTTP/1.1 ') || Number.isNaN(status)) throw new Error(`not an HTTP response: ${head.slice(0, 40)}`);
    this.sink.onHead(status);
    const lower = head.toLowerCase();
    if (lower.includes('\r\ntransfer-encoding: chunked')) {
      this.#state = 'chunk-size';
      return;
    }
    const field = lower.indexOf('\r\ncontent-length: ');
    this.#remaining = field < 0 ? 0 : Number.parseInt(lower.slice(field + 18), 10);
    this.#state = 'sized';
    if (this.#remaining === 0) this.#end();
  }

  #body(data: Buffer, at: number): number {
    const end = Math.min(at + this.#remaining, data.length);
    this.#remaining -= end - at;
    this.sink.onBody(data.subarray(at, end));
    if (this.#remaining > 0) return end;
    if (this.#state === 'sized') this.#end();
    else {
      this.#state = 'chunk-end';
      this.#remaining = -1;
    }
    return end;
  }

  #end(): void {
    this.#state = 'head';
    this.sink.onEnd();
  }
}
