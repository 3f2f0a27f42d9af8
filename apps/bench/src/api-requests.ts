import { systemClock } from '@navarch/clock';
import { type Answer, exchange } from './load/exchange';
import { HttpConnection, type Target } from './load/http-connection';
import { requestBytes } from './load/request-template';

const waitMs = 60_000;

/** The requests that prepare a scenario, one after another unless said otherwise. */
export class ApiRequests {
  #connection: HttpConnection | undefined;

  constructor(private readonly target: Target, private readonly signal: AbortSignal) {}

  /** @throws unless the answer is a success */
  async send(method: string, path: string, body?: object): Promise<unknown> {
    const { status, body: text } = await this.#exchange(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  /** Repeats a GET until what it names is there. */
  async appears(path: string): Promise<void> {
    const deadline = systemClock.now() + waitMs;
    for (;;) {
      const { status } = await this.#exchange('GET', path);
      if (status === 200) return;
      if (systemClock.now() > deadline) throw new Error(`${path} did not appear: ${status}`);
      await systemClock.sleep(20, this.signal);
    }
  }

  /** A namespace that pods can be created in. */
  async namespace(name: string): Promise<void> {
    await this.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await this.appears(`/api/v1/namespaces/${name}/serviceaccounts/default`);
  }

  /** Does something for each number from `from` up to `to`, over so many connections beside each other. */
  async forEach(from: number, to: number, connections: number, work: (index: number, api: ApiRequests) => Promise<unknown>): Promise<void> {
    await Promise.all(Array.from({ length: connections }, async (_, connection) => {
      const api = new ApiRequests(this.target, this.signal);
      try {
        for (let index = from + connection; index < to; index += connections) await work(index, api);
      } finally {
        api.close();
      }
    }));
  }

  close(): void {
    this.#connection?.close();
  }

  async #exchange(method: string, path: string, body?: object): Promise<Answer> {
    this.#connection ??= await HttpConnection.open(this.target);
    return exchange(this.#connection, requestBytes({ method, path, ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }) }));
  }
}
