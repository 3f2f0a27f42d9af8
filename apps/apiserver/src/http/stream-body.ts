import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Exchange } from './exchange';
import { acceptsGzip, baseHeaders, GZIP_FROM_BYTES, GZIP_LEVEL, writeHead } from './respond';

async function write(sink: Writable, step: Buffer, exchange: Exchange): Promise<void> {
  if (sink.destroyed) return;
  exchange.bytesWritten += step.length;
  // The thread goes to others between steps, also when the socket takes all at once.
  if (!sink.write(step)) await Promise.race([once(sink, 'drain'), once(sink, 'close')]);
  else await new Promise((resolve) => setImmediate(resolve));
}

async function writeAll(sink: Writable, steps: Iterable<Buffer>, exchange: Exchange): Promise<void> {
  let last: Buffer | undefined;
  for (const step of steps) {
    if (last) await write(sink, last, exchange);
    if (sink.destroyed) return;
    last = step;
  }
  await exchange.beforeEnd?.(200);
  if (last) await write(sink, last, exchange);
  if (!sink.destroyed) sink.end();
}

/** Answers 200 with a large body made step by step, compressed when the client takes that. */
export async function streamBody(exchange: Exchange, contentType: string, length: number, steps: Iterable<Buffer>): Promise<void> {
  const headers = baseHeaders(exchange, contentType);
  const response = exchange.response as unknown as Writable;
  if (exchange.request.method === 'HEAD') {
    writeHead(exchange, 200, { ...headers, 'Content-Length': length });
    response.end();
    return;
  }
  if (length < GZIP_FROM_BYTES || !acceptsGzip(exchange)) {
    writeHead(exchange, 200, { ...headers, 'Content-Length': length });
    await writeAll(response, steps, exchange);
    return;
  }
  writeHead(exchange, 200, { ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
  const gzip = createGzip({ level: GZIP_LEVEL });
  response.on('close', () => gzip.destroy());
  gzip.pipe(response);
  await writeAll(gzip, steps, exchange);
  if (!response.destroyed) await finished(response, { error: false });
}
