import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer, ApiClient } from './api-client';

const GONE = 'gone';
/** What an object is created with. */
const FIRST = '0';

export interface ConfigMap {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly data?: { readonly n: string };
}

interface DeletedStatus {
  readonly details: { readonly uid: string };
}

const firstBackOffMs = 5;
const longestBackOffMs = 1_000;
/** After so long without an answer a request is lost. */
const patienceMs = 60_000;

/** Writers that never rest, and a record of what was acknowledged: whatever fails under them, that must be there afterwards. */
export class WriteStream {
  /** Writes, without what was only read. */
  acknowledged = 0;
  unanswered = 0;
  private readonly begunMs = Date.now();
  private endedMs: number | undefined;
  /** Longest time without an acknowledged write, in milliseconds. */
  longestGapMs = 0;
  private lastMs = Date.now();
  /** Longest time until a request was answered, its repetitions included, in milliseconds. */
  slowestMs = 0;
  /** Requests that nobody answered, however often they were repeated. */
  readonly givenUp: string[] = [];
  /** What should never be: told by the writers themselves. */
  readonly faults: string[] = [];
  /** Per object, what it may be now: one value, or several after a write whose outcome nobody told. */
  private readonly possible = new Map<string, Set<string>>();
  /** Objects one of whose attempts to create them nobody answered: a server that stood still may carry it out when it goes on, even after a delete that another server acknowledged. What it makes is another object then, with a UID of its own. */
  private readonly mayComeBack = new Set<string>();
  /** UIDs of the objects whose delete was acknowledged: nothing may have them ever again. */
  private readonly deleted = new Set<string>();
  private stopped = false;
  private readonly writers: Promise<void>[];

  private nextMs = 0;

  /** @param everyMs between the beginnings of two writes of all writers together, who wait for one another's slowness no longer than there are some without work */
  constructor(private readonly api: ApiClient, readonly path: string, writers = 4, private readonly everyMs = 0) {
    this.writers = Array.from({ length: writers }, (_, writer) => this.write(writer));
  }

  /** Ends the writers when their last write is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.writers);
    this.endedMs ??= Date.now();
  }

  /** Acknowledged writes a second, from the beginning to the end or to now. */
  get perSecond(): number {
    return (this.acknowledged * 1000) / ((this.endedMs ?? Date.now()) - this.begunMs);
  }

  private async listed(): Promise<ConfigMap[]> {
    return (JSON.parse((await this.api.call('GET', this.path)).text) as { items: ConfigMap[] }).items;
  }

  /** What differs from what was acknowledged: in what the API lists, or in what was read elsewhere. */
  async lost(read?: readonly ConfigMap[]): Promise<string[]> {
    const found = new Map((read ?? (await this.listed())).map((object) => [object.metadata.name, object]));
    const wrong: string[] = [];
    for (const [name, values] of this.possible) {
      const object = found.get(name);
      const value = object === undefined ? GONE : (object.data?.n ?? '');
      if (object !== undefined && this.deleted.has(object.metadata.uid)) wrong.push(`${name} is there, with the UID of what was deleted (${JSON.stringify(object)})`);
      else if (value === FIRST && values.has(GONE) && this.mayComeBack.has(name)) continue;
      else if (!values.has(value)) wrong.push(`${name} is ${value}, should be ${[...values].join(' or ')}`);
    }
    return wrong;
  }

  private async attempt(method: string, path: string, body?: unknown): Promise<ApiAnswer | undefined> {
    const writes = method !== 'GET';
    try {
      const answer = await this.api.call(method, path, body);
      if (writes && answer.code < 300) {
        this.acknowledged++;
        this.longestGapMs = Math.max(this.longestGapMs, Date.now() - this.lastMs);
        this.lastMs = Date.now();
      }
      if (answer.code < 500 && answer.code !== 429) return answer;
    } catch {
      // Nobody listens, or nobody answers: asked again like any other answer that says nothing.
    }
    this.unanswered++;
    return undefined;
  }

  /** What is late is not made up for: nobody writes in bursts. */
  private async pace(): Promise<void> {
    const atMs = Math.max(Date.now(), this.nextMs);
    this.nextMs = atMs + this.everyMs;
    if (atMs > Date.now()) await sleep(atMs - Date.now());
  }

  /** Repeats until somebody answers, with the back-off of client-go's work queues. */
  private async answered(method: string, path: string, body?: unknown, onUnknown: () => void = () => undefined): Promise<{ readonly answer: ApiAnswer; readonly repeated: boolean } | undefined> {
    if (method !== 'GET') await this.pace();
    const start = Date.now();
    for (let failures = 0; ; failures++) {
      const answer = await this.attempt(method, path, body);
      const tookMs = Date.now() - start;
      if (answer !== undefined) {
        this.slowestMs = Math.max(this.slowestMs, tookMs);
        return { answer, repeated: failures > 0 };
      }
      onUnknown();
      if (tookMs > patienceMs) {
        this.givenUp.push(`${method} ${path} after ${tookMs} ms`);
        return undefined;
      }
      await sleep(Math.min(firstBackOffMs * 2 ** failures, longestBackOffMs));
    }
  }

  /** Creates, changes three times, reads what it wrote last, deletes some: over and over. */
  private async write(writer: number): Promise<void> {
    for (let round = 0; !this.stopped; round++) {
      const name = `w${writer}-${round}`;
      const values = new Set([GONE]);
      this.possible.set(name, values);
      let version = await this.step('POST', this.path, { metadata: { name }, data: { n: FIRST } }, name, values, FIRST);
      for (let n = 1; n <= 3 && version !== undefined; n++) {
        version = await this.step('PUT', `${this.path}/${name}`, { metadata: { name, resourceVersion: version }, data: { n: String(n) } }, name, values, String(n));
        if (version !== undefined && n === 3) version = await this.readBack(name, values);
      }
      if (round % 4 === 0) await this.step('DELETE', `${this.path}/${name}`, undefined, name, values, GONE);
    }
  }

  /** @returns the version that the write made; undefined when it is not known to have been done */
  private async step(method: string, path: string, body: unknown, name: string, values: Set<string>, value: string): Promise<string | undefined> {
    const certain = values.size === 1;
    const reply = await this.answered(method, path, body, () => {
      values.add(value);
      if (method === 'POST') this.mayComeBack.add(name);
    });
    if (reply === undefined) return undefined;
    const { answer, repeated } = reply;
    if (answer.code < 300) {
      values.clear();
      values.add(value);
      if (value !== GONE) return (JSON.parse(answer.text) as ConfigMap).metadata.resourceVersion;
      this.deleted.add((JSON.parse(answer.text) as DeletedStatus).details.uid);
      return undefined;
    }
    // What was done though nobody said so stands in the way of its own repetition: look.
    if (repeated) return this.readBack(name, values);
    // Only a write nobody told the outcome of may stand in the way of the next.
    if (certain && !(method === 'DELETE' && values.has(GONE))) this.faults.push(`${method} ${path}: ${answer.text}`);
    return undefined;
  }

  /** Reads what was written: from then on that is what it must be. @returns its version; undefined when there is none, or nobody answers */
  private async readBack(name: string, values: Set<string>): Promise<string | undefined> {
    const reply = await this.answered('GET', `${this.path}/${name}`);
    if (reply === undefined) return undefined;
    const { code, text } = reply.answer;
    const read = code < 300 ? (JSON.parse(text) as ConfigMap) : undefined;
    if (read === undefined && code !== 404) this.faults.push(`${name} cannot be read: ${text}`);
    const value = read === undefined ? GONE : (read.data?.n ?? '');
    if (!values.has(value)) this.faults.push(`${name} reads ${value} after ${[...values].join(' or ')} was acknowledged`);
    values.clear();
    values.add(value);
    return read?.metadata.resourceVersion;
  }
}
