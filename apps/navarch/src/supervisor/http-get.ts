import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';

const timeoutMs = 2_000;

/** A client's files for mutual TLS. */
export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Answer {
  readonly code: number;
  readonly body: string;
}

/** Who asks again asks on the same connection: a TLS handshake costs a starting server more than the question does. */
const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
const files = new Map<string, Buffer>();

function read(file: string): Buffer {
  const known = files.get(file) ?? readFileSync(file);
  files.set(file, known);
  return known;
}

/** One GET; rejects when there is no answer within 2 s. */
export function httpGet(url: string, identity?: Identity): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    };
    const tls: RequestOptions = identity === undefined ? {} : { ca: read(identity.ca), cert: read(identity.cert), key: read(identity.key) };
    const call = url.startsWith('https:')
      ? httpsRequest(url, { ...tls, agent: agents.https, timeout: timeoutMs }, onResponse)
      : httpRequest(url, { agent: agents.http, timeout: timeoutMs }, onResponse);
    call.on('timeout', () => call.destroy(new Error('no answer within 2 s')));
    call.on('error', reject);
    call.end();
  });
}
