import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './endpoints';
import { abort, refuse, type Answer, type Asked, type Outcome } from './exchange';
import { endToEnd, forwarded } from './headers';

const connectTimeoutMs = 5_000;
/** As ingress-nginx waits for an answer to begin. */
const answerTimeoutMs = 60_000;

const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: answerTimeoutMs });

/**
 * Passes a request on to the first endpoint that takes the connection. Once one has, it is not sent again: it may have been acted
 * upon.
 */
export async function forward(request: Asked, response: Answer, endpoints: readonly Endpoint[]): Promise<Outcome> {
  const { method = 'GET', url = '/' } = request;
  const headers = forwarded(request, endToEnd(request.headers));
  let failure: unknown = new Error('no endpoint');
  for (const endpoint of endpoints) {
    try {
      const outgoing = await connected(httpRequest({ ...endpoint, method, path: url, headers, agent }));
      return await exchange(request, response, outgoing);
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      failure = error.cause;
    }
  }
  return refuse(response, 502, 'Bad Gateway', failure);
}

/** Passes on what begins with an upgrade, such as WebSocket; afterwards bytes go both ways as they are. */
export async function forwardUpgrade(request: IncomingMessage, client: Duplex, head: Buffer, endpoints: readonly Endpoint[]): Promise<Outcome> {
  const { method = 'GET', url = '/' } = request;
  const headers = { ...forwarded(request, endToEnd(request.headers)), connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' };
  for (const endpoint of endpoints) {
    try {
      const outgoing = await connected(httpRequest({ ...endpoint, method, path: url, headers, agent: false }));
      return await new Promise<Outcome>((resolve) => {
        outgoing.once('upgrade', (answer, server, first) => {
          client.write(statusLine(answer));
          if (first.length > 0) client.write(first);
          if (head.length > 0) server.write(head);
          join(client, server);
          resolve({ code: 101 });
        });
        outgoing.once('response', (answer) => {
          client.write(statusLine(answer));
          answer.pipe(client);
          resolve({ code: answer.statusCode ?? 502 });
        });
        outgoing.once('error', (error) => {
          client.destroy();
          resolve({ code: 502, error });
        });
        outgoing.end();
      });
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
    }
  }
  client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n');
  return { code: 502 };
}

/** The endpoint could not be reached: another one may be. */
export class NotConnected extends Error {}

/** Resolves when the connection is there, before anything of the request's body was taken. */
function connected(outgoing: ClientRequest): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => outgoing.destroy(new Error('connecting took too long')), connectTimeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(new NotConnected('endpoint cannot be reached', { cause: error }));
    };
    const done = (): void => {
      clearTimeout(timer);
      outgoing.off('error', failed);
      resolve(outgoing);
    };
    outgoing.once('error', failed);
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', done);
      else done();
    });
  });
}

function exchange(request: Asked, response: Answer, outgoing: ClientRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    outgoing.setTimeout(answerTimeoutMs, () => outgoing.destroy(new Error('no answer in time')));
    outgoing.once('error', (error) => resolve(refuse(response, error.message === 'no answer in time' ? 504 : 502, error.message === 'no answer in time' ? 'Gateway Timeout' : 'Bad Gateway', error)));
    outgoing.once('response', (answer) => {
      const code = answer.statusCode ?? 502;
      // HTTP/2 has no words beside the code.
      if (answer.statusMessage !== undefined && request.httpVersionMajor === 1) response.statusMessage = answer.statusMessage;
      response.writeHead(code, endToEnd(answer.headers));
      answer.pipe(response);
      answer.once('error', () => abort(response));
      response.once('close', () => {
        answer.destroy();
        resolve({ code });
      });
    });
    response.once('close', () => {
      if (!response.writableEnded) outgoing.destroy();
    });
    request.pipe(outgoing);
  });
}

/** The head of an answer, as it came. */
function statusLine({ statusCode = 502, statusMessage = '', rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at] ?? ''}: ${rawHeaders[at + 1] ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function join(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [[a, b], [b, a]] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => other.destroy());
  }
}
