import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest, type RequestOptions } from 'node:https';
import type { ExtenderConfiguration } from '../config/scheduler-configuration';

/** An answer larger than this is not read. */
const maxAnswerBytes = 64 * 1024 * 1024;

type TlsConfig = NonNullable<ExtenderConfiguration['tlsConfig']>;
/** What the extender is trusted by, and the scheduler by it. The agent keeps the connections of each apart: those by a certificate that has been renewed since are not used. */
type Proofs = Pick<RequestOptions, 'ca' | 'cert' | 'key'>;

/** Where an HTTP extender is. What is in files is read for every call, so that renewed certificates need no restart. */
export class ExtenderEndpoint {
  readonly #tls: TlsConfig;
  /** Undefined: plain HTTP. */
  readonly #agent: Agent | undefined;

  /** @throws Error when a file is not there */
  constructor(private readonly configuration: ExtenderConfiguration) {
    const { urlPrefix, enableHTTPS = false, tlsConfig = {} } = configuration;
    this.#tls = tlsConfig;
    if (!enableHTTPS && !urlPrefix.startsWith('https:')) return;
    for (const { data, file } of Object.values(sourcesOf(tlsConfig))) if (data === undefined && file !== undefined) accessSync(file, constants.R_OK);
    const { insecure = false, serverName, caFile, caData } = tlsConfig;
    // As upstream's makeTransport: with enableHTTPS and no CA the extender's certificate is not looked at.
    const isUnchecked = insecure || (enableHTTPS && caFile === undefined && caData === undefined);
    this.#agent = new Agent({ keepAlive: true, rejectUnauthorized: !isUnchecked, ...(serverName === undefined ? {} : { servername: serverName }) });
  }

  /** Posts JSON, answers the body. @throws Error for any status but 200 */
  async post(verb: string, body: string, signal: AbortSignal): Promise<string> {
    const url = new URL(`${this.configuration.urlPrefix.replace(/\/$/, '')}/${verb}`);
    const agent = this.#agent;
    if (agent === undefined) return exchange(url, body, { signal });
    url.protocol = 'https:';
    return exchange(url, body, { signal, agent, ...(await proofsOf(this.#tls)) });
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#agent?.destroy();
  }
}

function sourcesOf({ caData, caFile, certData, certFile, keyData, keyFile }: TlsConfig): Record<keyof Proofs, { readonly data: string | undefined; readonly file: string | undefined }> {
  return { ca: { data: caData, file: caFile }, cert: { data: certData, file: certFile }, key: { data: keyData, file: keyFile } };
}

async function proofsOf(tls: TlsConfig): Promise<Proofs> {
  const read = await Promise.all(Object.entries(sourcesOf(tls)).map(async ([name, { data, file }]) => {
    if (data !== undefined) return [[name, Buffer.from(data, 'base64')]] as const;
    return file === undefined ? [] : [[name, await readFile(file)]] as const;
  }));
  return Object.fromEntries(read.flat());
}

function exchange(url: URL, body: string, options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const request = send(url, { ...options, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > maxAnswerBytes) request.destroy(new Error(`the answer of ${url.href} is too large`));
        else parts.push(part);
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'));
        else reject(new Error(`failed ${url.pathname.split('/').at(-1) ?? ''} with extender at URL ${url.href}, code ${response.statusCode ?? 0}`));
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
