import { duplexPair, type Duplex } from 'node:stream';

import type { SimulatedRuntime } from '../runtime/simulated-runtime';

const MAX_REQUEST_CHARS = 16 * 1024;

/** What the page of a simulated pod says: image and pod, as navarch.local/web's does. */
function page(runtime: SimulatedRuntime, sandboxId: string): string {
  const pod = runtime.records.findSandbox(sandboxId)?.config.metadata?.name ?? sandboxId;
  const image = runtime.records.containersOf(sandboxId).at(-1)?.imageReference ?? 'pod';
  return `${image.slice(image.lastIndexOf('/') + 1)} ${pod}\n`;
}

/** Every port of a simulated pod is open and answers one HTTP request. */
export function answerHttp(runtime: SimulatedRuntime, sandboxId: string): Duplex {
  const [client, server] = duplexPair();
  let request = '';
  server.on('error', () => undefined);
  server.on('data', (chunk: Buffer) => {
    if (request.length < MAX_REQUEST_CHARS) request += chunk.toString('latin1');
    if (!/\r?\n\r?\n/.test(request) || server.writableEnded) return;
    const body = page(runtime, sandboxId);
    server.end(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
  });
  server.on('end', () => {
    server.end();
  });
  return client;
}
