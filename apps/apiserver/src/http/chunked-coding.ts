import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Response } from './exchange';

const CRLF = Buffer.from('\r\n');
const chunks = new WeakMap<Buffer, Buffer>();

/** Bytes as a chunk of HTTP/1.1's chunked coding. What many clients get is put into a chunk once for all of them. */
export function chunkOf(bytes: Buffer): Buffer {
  let chunk = chunks.get(bytes);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'), bytes, CRLF]);
    chunks.set(bytes, chunk);
  }
  return chunk;
}

/**
 * The connection of an answer that has begun and is chunked, for whoever makes chunks: node makes four buffers of each, and copies
 * them into one for TLS, for every client anew. Undefined where there are no chunks, or an answer before this one is still on its way.
 */
export function chunkedSocket(response: Response): Socket | undefined {
  return response instanceof ServerResponse && response.headersSent && response.chunkedEncoding ? (response.socket ?? undefined) : undefined;
}
