import { badRequest, requestEntityTooLarge, timeout } from '@navarch/apimachinery';
import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** Upstream's MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Upstream's --request-timeout. */
const BODY_MS = 60_000;
/** For the answer to leave before the connection is cut. */
const LINGER_MS = 1000;

const EMPTY = Buffer.alloc(0);

/** Collects a body. One object per request rather than a handful of closures. */
class BodyReader {
  private first: Buffer | undefined;
  private more: Buffer[] | undefined;
  private size = 0;
  private settled = false;

  constructor(
    private readonly limit: number,
    private readonly resolve: (body: Buffer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  data(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.settled) return;
    if (this.size > this.limit) {
      // What is still coming is read and dropped, so that the client gets to see the answer.
      this.fail(requestEntityTooLarge(`limit is ${this.limit}`));
    } else if (this.first === undefined) this.first = chunk;
    else (this.more ??= [this.first]).push(chunk);
  }

  end(): void {
    if (this.settled) return;
    this.settled = true;
    this.resolve(this.more ? Buffer.concat(this.more, this.size) : (this.first ?? EMPTY));
  }

  close(): void {
    if (!this.settled) this.fail(badRequest('the client went away before the body was complete'));
  }

  fail(error: Error): void {
    this.settled = true;
    this.first = this.more = undefined;
    this.reject(error);
  }
}

/** Ends a connection on which a body never comes to its end, whatever has been answered meanwhile. */
function cutWhenLate(stream: Readable, bodyMs: number, late: () => void): void {
  let timer = setTimeout(() => {
    late();
    timer = setTimeout(() => {
      if (!stream.readableEnded) stream.destroy();
    }, LINGER_MS);
  }, bodyMs);
  stream.on('close', () => clearTimeout(timer));
  stream.on('end', () => clearTimeout(timer));
}

/** A body that is all there, as a small one is that came along with its head: taken as it is, it needs no listeners and no timer. */
function bodyAtHand(stream: Readable, limit: number): Buffer | undefined {
  if (!(stream instanceof IncomingMessage) || !stream.complete || stream.readableLength > limit) return undefined;
  const chunks: Buffer[] = [];
  for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

/** @throws requestEntityTooLarge, timeout, or badRequest when the client goes away before it has sent all */
export function readBody(stream: Readable, declaredLength: number | undefined, limit = MAX_BODY_BYTES, bodyMs = BODY_MS): Promise<Buffer> {
  if (declaredLength === 0) {
    stream.resume();
    return Promise.resolve(EMPTY);
  }
  if (declaredLength !== undefined && declaredLength > limit) {
    cutWhenLate(stream, bodyMs, () => undefined);
    stream.resume();
    return Promise.reject(requestEntityTooLarge(`limit is ${limit}`));
  }
  const present = bodyAtHand(stream, limit);
  if (present) return Promise.resolve(present);
  return new Promise((resolve, reject) => {
    const reader = new BodyReader(limit, resolve, reject);
    stream.on('data', (chunk: Buffer) => reader.data(chunk));
    stream.on('end', () => reader.end());
    stream.on('error', (error: Error) => reader.fail(badRequest(`the body could not be read: ${error.message}`)));
    stream.on('close', () => reader.close());
    cutWhenLate(stream, bodyMs, () => reader.fail(timeout('request did not complete within the allotted timeout')));
  });
}
