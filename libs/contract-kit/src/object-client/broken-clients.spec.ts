import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isConflict, isResourceExpired } from '@navarch/apimachinery';
import { silentLogger } from '@navarch/component-base';
import { objectv1 } from '@navarch/proto';
import { connect, RpcServer, toApiError, type ServiceClient } from '@navarch/rpc';
import { checkContract } from '../contract-case';
import type { Kept } from './kept-objects';
import { objectClientContract } from './object-client-contract';
import { ObjectServiceDouble } from './object-service-double';

const stimulus: Kept = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'work', namespace: 'default' } };
const resource: objectv1.ResourceKey = { group: '', version: 'v1', resource: 'configmaps' };
const { BOOKMARK } = objectv1.EventType;

/** What is wrong with a client. */
interface Fault {
  /** It lists before every watch. */
  readonly lists?: boolean;
  /** It watches from a version that nobody told it. */
  readonly guesses?: boolean;
  readonly ignoresBookmarks?: boolean;
  readonly ignoresEvents?: boolean;
  /** It asks with the same version again and again. */
  readonly insists?: boolean;
  readonly ignoresHistories?: boolean;
  readonly neverRests?: boolean;
  readonly polls?: boolean;
  readonly givesUp?: boolean;
  readonly forgetsConflicts?: boolean;
  readonly hammers?: boolean;
}

/** A controller of a few lines: it marks every ConfigMap as seen. */
class Client {
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #known = new Map<string, Kept>();
  readonly #abandoned = new Set<string>();
  #version = 0n;
  #epoch = '';

  constructor(private readonly api: ServiceClient<typeof objectv1.ObjectServiceService>, private readonly fault: Fault) {
    this.#running = Promise.all([this.#follow(), this.#poll()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      try {
        if (this.#version === 0n || this.fault.lists) await this.#snapshot();
        await this.#watch(() => (attempt = 0));
      } catch (error) {
        if (isResourceExpired(toApiError(error)) && !this.fault.insists) this.#version = 0n;
      }
      await this.#rest(attempt);
    }
  }

  async #snapshot(): Promise<void> {
    for await (const { epoch, resourceVersion, objects } of this.api.snapshot({ ...this.#everything(), notOlderThan: 0n })) {
      this.#epoch = epoch;
      this.#version = this.fault.guesses ? resourceVersion - 1n : resourceVersion;
      for (const object of objects) this.#take(object);
    }
  }

  async #watch(onFrame: () => void): Promise<void> {
    for await (const { epoch, events } of this.api.watch({ ...this.#everything(), resourceVersion: this.#version }, { signal: this.#stopping.signal })) {
      onFrame();
      if (epoch !== this.#epoch && !this.fault.ignoresHistories) {
        this.#version = 0n;
        return;
      }
      for (const { type, resourceVersion, object } of events) {
        if (type === BOOKMARK ? !this.fault.ignoresBookmarks : !this.fault.ignoresEvents) this.#version = resourceVersion;
        if (object.length > 0) this.#take(object);
      }
    }
  }

  #take(bytes: Buffer): void {
    const object = JSON.parse(bytes.toString()) as Kept;
    this.#known.set(object.metadata.name, object);
    if (object.metadata.labels?.['seen'] === undefined) void this.#mark(object.metadata.name);
  }

  async #mark(name: string): Promise<void> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      const object = this.#known.get(name);
      if (object === undefined || object.metadata.labels?.['seen'] !== undefined || this.#abandoned.has(name)) return;
      const marked = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, seen: 'yes' } } };
      try {
        await this.api.update({ key: { resource, namespace: 'default', name }, subresource: '', object: Buffer.from(JSON.stringify(marked)), options: undefined });
        return;
      } catch (error) {
        if (this.fault.givesUp || (this.fault.forgetsConflicts && isConflict(toApiError(error)))) {
          this.#abandoned.add(name);
          return;
        }
        if (!this.fault.hammers) await this.#rest(attempt);
      }
    }
  }

  async #poll(): Promise<void> {
    while (this.fault.polls && !this.#stopping.signal.aborted) {
      await this.api.get({ key: { resource, namespace: 'default', name: 'work' }, subresource: '', notOlderThan: 0n }).catch(() => undefined);
      await this.#rest(0);
    }
  }

  /** In tenths of what clients do, as all is in this test. */
  #rest(attempt: number): Promise<void> {
    return this.fault.neverRests ? new Promise((resolve) => setImmediate(resolve)) : new Promise((resolve) => setTimeout(resolve, Math.min(20 * 2 ** attempt, 300)));
  }

  #everything(): Omit<objectv1.SnapshotRequest, 'notOlderThan'> {
    return { class: { resource, node: '' }, namespace: '', labelSelector: '', fieldSelector: '' };
  }
}

/** How long the kit looks on: all of it where a client asks seldom, and until it has seen enough where one does not. */
const [shortMs, longMs] = [600, 30_000];

describe('the kit says what of a client does not hold', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-kit-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  async function failing(fault: Fault, ...names: readonly RegExp[]): Promise<string[]> {
    const address = `unix://${join(directory, 'double.sock')}`;
    const double = new ObjectServiceDouble([stimulus]);
    const server = new RpcServer({ address, drainMs: 10 }, { log: silentLogger }).add(objectv1.ObjectServiceService, double.handlers);
    await server.start();
    const channel = connect({ address });
    const client = new Client(channel.client(objectv1.ObjectServiceService), fault);
    try {
      // The first contact takes its time on a busy machine; how soon a client comes back is told from then on.
      await double.until(() => double.reads.some(({ verb, told }) => verb === 'watch' && told > 0n), longMs);
      const cases = objectClientContract.filter(({ name }) => names.length === 0 || names.some((wanted) => wanted.test(name)));
      const results = await checkContract(
        cases,
        {
          double,
          stimulus,
          patienceMs: fault.neverRests || fault.polls || fault.hammers ? longMs : shortMs,
          comesWithinMs: Object.keys(fault).length === 0 ? longMs : 3_000,
        },
        { offers: ['writes'], tell: () => undefined },
      );
      for (const result of results) if (result.outcome === 'fails') expect(result.why).not.toBe('');
      return results.filter(({ outcome }) => outcome === 'fails').map(({ name }) => name);
    } finally {
      await client.stop();
      channel.close();
      await server.stop();
    }
  }

  it('nothing, when it is a good one', async () => expect(await failing({})).toEqual([]), 60_000);

  it.each<{ client: string; fault: Fault; fails: string; with: readonly RegExp[] }>([
    { client: 'lists before every watch', fault: { lists: true }, fails: 'goes on after the last event it was told when a watch ends, without a new snapshot', with: [/last event/, /snapshot of what/] },
    { client: 'watches from another version than its snapshot\'s', fault: { guesses: true }, fails: 'takes a snapshot of what it follows, and watches from the very version of it', with: [/snapshot of what/, /nothing changes/] },
    { client: 'has no ear for bookmarks', fault: { ignoresBookmarks: true }, fails: 'keeps to bookmarks: goes on after the version of the last one', with: [/last event/, /bookmarks/] },
    { client: 'notes no version of an event', fault: { ignoresEvents: true, ignoresBookmarks: true }, fails: 'goes on after the last event it was told when a watch ends, without a new snapshot', with: [/last event/, /snapshot of what/] },
    { client: 'insists on a history that is gone', fault: { insists: true }, fails: 'takes a new snapshot, and goes on from it, when its version is older than the history that is kept', with: [/older than the history/, /last event/] },
    { client: 'takes another history for its own', fault: { ignoresHistories: true }, fails: 'takes a new snapshot when the history is another one', with: [/another one/, /older than the history/] },
    { client: 'never rests', fault: { neverRests: true }, fails: 'asks ever less often while nobody answers, and comes back', with: [/nobody answers, and/, /last event/] },
    { client: 'polls', fault: { polls: true }, fails: 'asks for nothing again while nothing changes', with: [/nothing changes/, /last event/] },
    { client: 'tries each write once', fault: { givesUp: true }, fails: 'writes again what was not taken because nobody answered', with: [/writes again/, /over and over/] },
    { client: 'takes a conflict for an end', fault: { forgetsConflicts: true }, fails: 'looks again and writes for the newer version when what it writes to has changed meanwhile', with: [/looks again/, /writes again/] },
    { client: 'hammers at what is refused', fault: { hammers: true }, fails: 'does not repeat over and over what is refused for good', with: [/over and over/, /writes again/] },
  ])('of one that $client', async ({ fault, fails, with: tried }) => expect(await failing(fault, ...tried)).toEqual([fails]), 60_000);
});
