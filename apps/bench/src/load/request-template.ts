/** A request that is made once and sent many times with other numbers. */
export interface RequestTemplate {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** In path and body: replaced by the number of the request, in as many digits. */
export const sequenceMark = '#######';
/** In path and body: replaced by the number modulo the job's `spread`, in as many digits. */
export const spreadMark = '@@@@@@@';

const width = sequenceMark.length;
const zero = 0x30;

/** The bytes of a request without numbers. */
export function requestBytes({ method, path, headers = {}, body }: RequestTemplate): Buffer {
  const fields = Object.entries({ Host: 'localhost', Accept: 'application/json', ...headers, ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }) });
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body ?? ''}`);
}

/** Makes the bytes of numbered requests: a copy and a few digits each. */
export class NumberedRequests {
  readonly #bytes: Buffer;
  readonly #sequenceAt: readonly number[];
  readonly #spreadAt: readonly number[];

  constructor(template: RequestTemplate, private readonly spread = 1) {
    this.#bytes = requestBytes(template);
    this.#sequenceAt = positions(this.#bytes, sequenceMark);
    this.#spreadAt = positions(this.#bytes, spreadMark);
  }

  /** A buffer of its own: the connection may still hold the last one. */
  number(sequence: number): Buffer {
    if (this.#sequenceAt.length === 0 && this.#spreadAt.length === 0) return this.#bytes;
    const copy = Buffer.from(this.#bytes);
    for (const at of this.#sequenceAt) writeDigits(copy, at, sequence);
    for (const at of this.#spreadAt) writeDigits(copy, at, sequence % this.spread);
    return copy;
  }
}

function positions(bytes: Buffer, mark: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + width)) found.push(at);
  return found;
}

function writeDigits(bytes: Buffer, at: number, value: number): void {
  let left = value;
  for (let digit = width - 1; digit >= 0; digit--) {
    bytes[at + digit] = zero + (left % 10);
    left = Math.floor(left / 10);
  }
}
