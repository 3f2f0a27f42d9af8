import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer, ApiClient } from './api-client';

const GONE = 'gone';

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data: { readonly n: string };
}

type Outcome = { readonly kind: 'done'; readonly answer: ApiAnswer } | { readonly kind: 'refused'; readonly answer: ApiAnswer } | { readonly kind: 'unknown' };

/** Writers that never rest, and a record of what was acknowledged: whatever fails under them, that must be there afterwards. */
export class WriteStream {
  acknowledged = 0;
  unanswered = 0;
  /** Longest time without an acknowledged write, in milliseconds. */
  longestGapMs = 0;
  private lastMs = Date.now();
  /** What should never be: told by the writers themselves. */
  readonly faults: string[] = [];
  /** Per object, what it may be now: one value, or several after a write whose outcome nobody told. */
  private readonly possible = new Map<string, Set<string>>();
  private stopped = false;
  private readonly writers: Promise<void>[];

  /** @param pauseMs between two writes of each writer */
  constructor(private readonly api: ApiClient, readonly path: string, writers = 4, private readonly pauseMs = 0) {
    this.writers = Array.from({ length: writers }, (_, writer) => this.write(writer));
  }

  /** Ends the writers when their last write is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.writers);
  }

  private async listed(): Promise<Map<string, string>> {
    const { items } = JSON.parse((await this.api.call('GET', this.path)).text) as { items: ConfigMap[] };
    return new Map(items.map(({ metadata, data }) => [metadata.name, data.n]));
  }

  /** What differs from what was acknowledged: in what the API lists, or in what was read elsewhere. */
  async lost(read?: ReadonlyMap<string, string>): Promise<string[]> {
    const found = read ?? (await this.listed());
    const wrong: string[] = [];
    for (const [name, values] of this.possible) {
      const value = found.get(name) ?? GONE;
      if (!values.has(value)) wrong.push(`${name} is ${value}, should be ${[...values].join(' or ')}`);
    }
    return wrong;
  }

  private async attempt(method: string, path: string, body?: unknown): Promise<Outcome> {
    if (this.pauseMs > 0) await sleep(this.pauseMs);
    try {
      const answer = await this.api.call(method, path, body);
      if (answer.code < 300) {
        this.acknowledged++;
        this.longestGapMs = Math.max(this.longestGapMs, Date.now() - this.lastMs);
        this.lastMs = Date.now();
        return { kind: 'done', answer };
      }
      if (answer.code < 500) return { kind: 'refused', answer };
    } catch {
      await sleep(20); // nobody listens: not to spin until somebody does
    }
    this.unanswered++;
    return { kind: 'unknown' };
  }

  /** Creates, changes three times, reads its own writes, deletes some: over and over. */
  private async write(writer: number): Promise<void> {
    for (let round = 0; !this.stopped; round++) {
      const name = `w${writer}-${round}`;
      const values = new Set([GONE]);
      this.possible.set(name, values);
      let version = await this.step('POST', this.path, { metadata: { name }, data: { n: '0' } }, values, '0');
      for (let n = 1; n <= 3 && version !== undefined; n++) {
        version = await this.step('PUT', `${this.path}/${name}`, { metadata: { name, resourceVersion: version }, data: { n: String(n) } }, values, String(n));
        if (version !== undefined) await this.readBack(name, values);
      }
      if (round % 4 === 0) await this.step('DELETE', `${this.path}/${name}`, undefined, values, GONE);
    }
  }

  /** @returns the version that the write made; undefined when it is not known to have been done */
  private async step(method: string, path: string, body: unknown, values: Set<string>, value: string): Promise<string | undefined> {
    const certain = values.size === 1;
    const outcome = await this.attempt(method, path, body);
    switch (outcome.kind) {
      case 'unknown':
        values.add(value);
        return undefined;
      case 'refused':
        // Only a write nobody told the outcome of may stand in the way of the next.
        if (certain && outcome.answer.code !== 429 && !(method === 'DELETE' && values.has(GONE))) this.faults.push(`${method} ${path}: ${outcome.answer.text}`);
        return undefined;
      case 'done':
        values.clear();
        values.add(value);
        return value === GONE ? undefined : (JSON.parse(outcome.answer.text) as ConfigMap).metadata.resourceVersion;
    }
  }

  private async readBack(name: string, values: Set<string>): Promise<void> {
    const read = await this.attempt('GET', `${this.path}/${name}`);
    if (read.kind === 'refused') this.faults.push(`${name} cannot be read: ${read.answer.text}`);
    if (read.kind !== 'done') return;
    const { n } = (JSON.parse(read.answer.text) as ConfigMap).data;
    if (!values.has(n)) this.faults.push(`${name} reads ${n} after ${[...values].join(' or ')} was acknowledged`);
  }
}
