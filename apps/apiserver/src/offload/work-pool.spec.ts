import { DecodeError, isTooManyRequests } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { createRegistry, silentLogger } from '@navarch/component-base';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { WorkOutput } from './offloaded-work';
import { WorkMetrics } from './work-metrics';
import { WorkPool } from './work-pool';

/** A thread that does what it is told: by the body of YAML that it is to read. */
const THREAD = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', ({ input }) => {
  const word = Buffer.from(input.body).toString();
  if (word === 'hang') for (;;);
  if (word === 'exit') process.exit(3);
  if (word === 'throw') throw new Error('out of order');
  if (word === 'refuse') return parentPort.postMessage({ failure: { status: { kind: 'Status', code: 409, reason: 'Conflict', message: 'no' } } });
  if (word === 'garbled') return parentPort.postMessage({ failure: { undecodable: 'yaml: no' } });
  parentPort.postMessage({ output: { object: new Uint8Array(), reports: [word, String(threadId)] } });
});
`;

describe('a pool of threads', () => {
  let clock: FakeClock;
  let registry: ReturnType<typeof createRegistry>;
  let pool: WorkPool;
  let started: Worker[];

  function make(threads = 1, waiting = 8): void {
    clock = new FakeClock();
    registry = createRegistry();
    started = [];
    pool = new WorkPool({ threads, waiting, workMs: 20_000, idleMs: 60_000 }, {
      clock, log: silentLogger, metrics: new WorkMetrics(registry),
      startThread: () => {
        const worker = new Worker(THREAD, { eval: true });
        started.push(worker);
        return worker;
      },
    });
  }

  afterEach(() => pool.stop());

  const ask = (word: string): Promise<WorkOutput<'decodeYaml'>> => pool.run('decodeYaml', { body: Buffer.from(word) });
  const count = async (outcome: string): Promise<number> => Number(new RegExp(`_count{work="decodeYaml",outcome="${outcome}"} (\\d+)`).exec(await registry.metrics())?.[1] ?? 'NaN');

  it('starts threads when there is work, and no more than it may', async () => {
    make(2);
    expect(started).toHaveLength(0);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(ask));
    expect(answers.map(({ reports: [word] }) => word)).toEqual(['a', 'b', 'c', 'd']);
    expect(started).toHaveLength(2);
    expect(await count('done')).toBe(4);
  });

  it('gives errors as what they were', async () => {
    make();
    await expect(ask('refuse')).rejects.toMatchObject({ code: 409, status: { reason: 'Conflict', message: 'no' } });
    await expect(ask('garbled')).rejects.toMatchObject({ name: DecodeError.name, message: 'yaml: no' });
    expect(started).toHaveLength(1);
    expect(await count('failed')).toBe(2);
  });

  it('ends a thread that takes too long, and goes on with another', async () => {
    make();
    const hanging = ask('hang');
    const next = ask('next');
    const refused = expect(hanging).rejects.toMatchObject({ code: 504, status: { reason: 'Timeout' } });
    await clock.advance(20_000);
    await refused;
    expect((await next).reports[0]).toBe('next');
    expect(started).toHaveLength(2);
    expect(await count('timeout')).toBe(1);
  });

  it.each(['exit', 'throw'])('survives a thread that does not (%s)', async (word) => {
    make();
    const lost = ask(word);
    const next = ask('next');
    await expect(lost).rejects.toMatchObject({ code: 500, status: { reason: 'InternalError' } });
    expect((await next).reports[0]).toBe('next');
  });

  it('refuses what would have to wait for too long', async () => {
    make(1, 2);
    const hanging = ask('hang');
    const waiting = [ask('a'), ask('b')];
    const late = await ask('c').catch((error: unknown) => error);
    expect(isTooManyRequests(late)).toBe(true);
    expect(late).toMatchObject({ status: { details: { retryAfterSeconds: 1 } } });
    await clock.advance(20_000);
    await expect(hanging).rejects.toMatchObject({ code: 504 });
    await Promise.all(waiting);
    expect(await count('refused')).toBe(1);
  });

  it('lets threads go that nobody has needed for a while', async () => {
    make();
    await ask('a');
    const gone = once(started[0] ?? new Worker('', { eval: true }), 'exit');
    await clock.advance(60_000);
    await gone;
    expect((await ask('b')).reports[0]).toBe('b');
    expect(started).toHaveLength(2);
  });

  it('lets nobody wait when it stops', async () => {
    make();
    const asked = [ask('hang'), ask('a')].map((answer) => expect(answer).rejects.toMatchObject({ code: 500 }));
    await pool.stop();
    await Promise.all(asked);
    await expect(ask('b')).rejects.toMatchObject({ code: 429 });
  });
});
