import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { ApiError, serviceUnavailable, type Status } from '@navarch/apimachinery';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads what only REST serves: the APIs of aggregated servers. All failures are `ApiError`. */
export interface JsonReader {
  get<T>(path: string, signal: AbortSignal): Promise<T>;
}

/** Also deletes there. */
export interface RestApi extends JsonReader {
  delete(path: string, signal: AbortSignal): Promise<void>;
}

const nowhere = (): Promise<never> => Promise.reject(serviceUnavailable('the server is currently unable to handle the request: --master is not set'));

/** For a process that was not told where REST is served. */
export const noRestApi: RestApi = { get: nowhere, delete: nowhere };

export interface HttpsRestApiOptions {
  /** Of the apiserver, such as `https://127.0.0.1:6443`. */
  readonly server: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export class HttpsRestApi implements RestApi {
  readonly #server: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(private readonly options: HttpsRestApiOptions) {
    this.#server = options.server.replace(/\/$/, '');
  }

  async get<T>(path: string, signal: AbortSignal): Promise<T> {
    return JSON.parse(await this.#call('GET', path, signal)) as T;
  }

  async delete(path: string, signal: AbortSignal): Promise<void> {
    await this.#call('DELETE', path, signal);
  }

  /** The body of a success. */
  async #call(method: string, path: string, signal: AbortSignal): Promise<string> {
    const { code, body } = await this.#request(method, path, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw serviceUnavailable(`the server is currently unable to handle the request: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (code >= 200 && code < 300) return body;
    throw ApiError.fromStatus(statusIn(code, body));
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The files are read for every call: the agent keeps the connections of each certificate apart, so that none is used which was made by one that has been renewed since. */
  async #request(method: string, path: string, signal: AbortSignal): Promise<{ code: number; body: string }> {
    const { caFile, certFile, keyFile } = this.options;
    const [ca, cert, key] = await Promise.all([readFile(caFile), readFile(certFile), readFile(keyFile)]);
    return new Promise((resolve, reject) => {
      const call = request(`${this.#server}${path}`, { method, agent: this.#agent, ca, cert, key, timeout: TIMEOUT_MS, signal, headers: { accept: 'application/json' } }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > MAX_BYTES) answer.destroy(new Error(`the answer is larger than ${MAX_BYTES} bytes`));
        });
        answer.on('error', reject);
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      });
      call.on('timeout', () => call.destroy(new Error('timed out')));
      call.on('error', reject);
      call.end();
    });
  }
}

/** What the server said; a body that is no Status leaves the code to speak. */
function statusIn(code: number, body: string): Status {
  const fallback: Status = { code, metadata: {}, ...(code === 404 ? { reason: 'NotFound', message: 'the server could not find the requested resource' } : { message: `the server answered ${code}` }) };
  try {
    return { ...fallback, ...(JSON.parse(body) as Partial<Status>) };
  } catch {
    return fallback;
  }
}
