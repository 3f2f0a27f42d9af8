import type { HttpConnection } from './http-connection';
import { exchange } from './exchange';
import type { WatchLoad } from './load-job';
import { requestBytes } from './request-template';

const newline = 0x0a;

/** Many watches of one path that only count: an event is a line, and JSON has no line ends of its own. */
export class Watchers {
  readonly #done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #waiting = 0;
  events = 0;
  bytes = 0;
  /** When the last event came, by `performance.now()`. */
  lastAt = 0;

  constructor(private readonly load: WatchLoad) {
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#done.catch(() => undefined); // whoever waits in `finish` hears of it
  }

  /** Opens all watches at the version of now; resolves when each was answered. */
  async open(connections: readonly HttpConnection[]): Promise<void> {
    const [first] = connections;
    if (first === undefined) throw new Error('no connection to watch on');
    const list = await exchange(first, requestBytes({ method: 'GET', path: this.load.listPath }));
    const version = /"resourceVersion":"(\d+)"/.exec(list.body)?.[1];
    if (list.status !== 200 || version === undefined) throw new Error(`list for a watch was answered with ${list.status}: ${list.body.slice(0, 300)}`);
    const request = requestBytes({ method: 'GET', path: `${this.load.path}${this.load.path.includes('?') ? '&' : '?'}watch=true&resourceVersion=${version}` });
    this.#waiting = connections.length;
    await Promise.all(connections.map((connection) => this.#watch(connection, request)));
  }

  /** Resolves when every watch has seen its events. */
  finish(): Promise<void> {
    return this.#done;
  }

  #watch(connection: HttpConnection, request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = 0;
      const fail = (error: Error): void => {
        reject(error);
        this.#reject(error);
      };
      connection.send(request, {
        onHead: (status) => (status === 200 ? resolve() : fail(new Error(`watch was answered with ${status}`))),
        onBody: (data) => {
          this.bytes += data.length;
          for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, at + 1)) {
            seen += 1;
            this.events += 1;
            if (seen !== this.load.eventsEach) continue;
            this.#waiting -= 1;
            this.lastAt = performance.now();
            if (this.#waiting === 0) this.#resolve();
          }
        },
        onEnd: () => fail(new Error(`the server ended a watch after ${seen} of ${this.load.eventsEach} events`)),
      }, fail);
    });
  }
}
