import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import type { Layout } from '../cluster/layout';
import type { HealthProbe } from '../processes/process-spec';
import { adminFiles } from '../cluster/certificates';

export interface Health {
  readonly ok: boolean;
  readonly detail: string;
}

const well: Health = { ok: true, detail: 'ok' };
const timeoutMs = 2_000;

/** Asks a process how it is; never throws. */
export async function probe(how: HealthProbe | undefined, layout: Layout): Promise<Health> {
  if (how === undefined) return well;
  try {
    if (how.kind === 'socket') return await connects(how.path);
    return await answers(how.url, how.kind === 'https' ? tlsOptions(how.identity ?? adminFiles(layout)) : {});
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function tlsOptions({ ca, cert, key }: { readonly ca: string; readonly cert: string; readonly key: string }): RequestOptions {
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}

function answers(url: string, options: RequestOptions): Promise<Health> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString().trim();
        resolve(response.statusCode === 200 ? well : { ok: false, detail: `${String(response.statusCode)}: ${body.split('\n').filter((line) => !line.startsWith('[+]')).join(' ').slice(0, 120)}` });
      });
      response.on('error', reject);
    };
    const call = url.startsWith('https:') ? httpsRequest(url, { ...options, timeout: timeoutMs }, onResponse) : httpRequest(url, { timeout: timeoutMs }, onResponse);
    call.on('timeout', () => call.destroy(new Error('no answer within 2 s')));
    call.on('error', reject);
    call.end();
  });
}

function connects(path: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(well);
    });
    socket.on('error', reject);
  });
}
