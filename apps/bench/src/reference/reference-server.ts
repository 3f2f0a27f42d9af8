/**
 * A process with a bare node:https server: the least that a server in Node can cost for an answer of the same size. It keeps nothing,
 * checks nobody and writes plainly; what the apiserver does better or worse than it is the apiserver's own.
 */
import type { ServerResponse } from 'node:http';
import { createSecureServer as createHttp2 } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ReferenceJob, ReferenceReady } from './reference-job';

const json = 'application/json';
const filled = (bytes: number): Buffer => Buffer.alloc(Math.max(bytes, 2), 'x');

function serve({ cert, key, objectBytes, listBytes, eventBytes }: ReferenceJob): void {
  const object = filled(objectBytes);
  const list = filled(listBytes);
  const event = filled(eventBytes);
  event[event.length - 1] = 0x0a; // the end of a line is the end of an event
  const version = Buffer.from('{"metadata":{"resourceVersion":"1"}}');
  const watching = new Set<ServerResponse>();
  const answer = (response: ServerResponse, body: Buffer): void => {
    response.writeHead(200, { 'Content-Type': json, 'Content-Length': body.length }).end(body);
  };
  const server = createServer({ cert, key, keepAlive: true }, (request, response) => {
    const url = request.url ?? '';
    if (url.includes('watch=true')) {
      response.writeHead(200, { 'Content-Type': json }).flushHeaders();
      watching.add(response);
      response.on('close', () => watching.delete(response));
    } else if (request.method === 'PATCH') {
      request.resume().on('end', () => {
        for (const watcher of watching) watcher.write(event);
        answer(response, object);
      });
    } else answer(response, url.startsWith('/version') ? version : url.startsWith('/list') ? list : object);
  });
  const http2 = createHttp2({ cert, key }, (_request, response) => {
    response.writeHead(200, { 'content-type': json, 'content-length': object.length }).end(object);
  });
  const port = (listening: { address(): unknown }): number => (listening.address() as AddressInfo).port;
  server.listen(0, '127.0.0.1', () => {
    http2.listen(0, '127.0.0.1', () => {
      const ready: ReferenceReady = { port: port(server), http2Port: port(http2) };
      process.send?.(ready);
    });
  });
}

process.on('message', serve);
// The parent is gone.
process.on('disconnect', () => process.exit(0));
