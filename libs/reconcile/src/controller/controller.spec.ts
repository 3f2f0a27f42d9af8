import { conflict } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import type { ObjectKey, ReconcileLog } from '../ports';
import { Controller, type Outcome } from './controller';
import { after, done, TerminalError, type Result } from './reconciler';

const key = { namespace: 'default', name: 'web' };

function setUp(reconcile: (key: ObjectKey, attempt: number) => Promise<Result>) {
  const clock = new FakeClock();
  const attempts: number[] = [];
  const outcomes: Outcome[] = [];
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log: ReconcileLog = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const reconciler = {
    name: 'test',
    reconcile: (given: ObjectKey) => {
      attempts.push(clock.now());
      return reconcile(given, attempts.length);
    },
  };
  const controller = new Controller({ workers: 2 }, { reconciler, clock, log, onOutcome: (_, outcome) => outcomes.push(outcome) });
  return { clock, attempts, outcomes, lines, controller };
}

describe('a controller', () => {
  it('works once on a key that was added many times', async () => {
    const { controller, attempts, clock, outcomes } = setUp(() => Promise.resolve(done));
    for (let i = 0; i < 10; i++) controller.enqueue(key);
    await controller.start();
    await clock.settle();
    expect(attempts).toHaveLength(1);
    expect(outcomes).toEqual(['done']);
    await controller.stop();
  });

  it('tries again with growing back-off after a failure, and says so', async () => {
    const { controller, attempts, clock, lines } = setUp((_, attempt) => (attempt < 4 ? Promise.reject(new Error('no')) : Promise.resolve(done)));
    controller.enqueue(key);
    await controller.start();
    await clock.advance(1_000);
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(gaps).toEqual([5, 10, 20]);
    expect(lines).toEqual(Array(3).fill('warn: reconcile failed'));
    await controller.stop();
  });

  it('is quiet about conflicts', async () => {
    const { controller, clock, lines, outcomes } = setUp((_, attempt) => (attempt < 2 ? Promise.reject(conflict({ group: '', resource: 'pods' }, 'web')) : Promise.resolve(done)));
    controller.enqueue(key);
    await controller.start();
    await clock.advance(1_000);
    expect(lines).toEqual(['debug: reconcile met a newer version']);
    expect(outcomes).toEqual(['conflict', 'done']);
    await controller.stop();
  });

  it('hears of what happens meanwhile from a reconciler that wants to go on at once', async () => {
    let happened = false;
    const { controller, attempts, clock, outcomes } = setUp((_, attempt) => {
      // So that a controller that hears nothing fails the test instead of holding its thread for good.
      if (attempt > 1_000) throw new TerminalError('nothing came');
      return Promise.resolve(happened ? done : after(0));
    });
    controller.enqueue(key);
    const started = controller.start();
    setImmediate(() => (happened = true));
    await started;
    await clock.settle();
    expect(outcomes.at(-1)).toBe('done');
    expect(attempts.length).toBeGreaterThan(1);
    await controller.stop();
  });

  it('gives up at a terminal error until the key is added again', async () => {
    const { controller, attempts, clock } = setUp(() => Promise.reject(new TerminalError('never')));
    controller.enqueue(key);
    await controller.start();
    await clock.advance(100_000);
    expect(attempts).toHaveLength(1);
    controller.enqueue(key);
    await clock.settle();
    expect(attempts).toHaveLength(2);
    await controller.stop();
  });

  it('comes back when asked to', async () => {
    const { controller, attempts, clock } = setUp((_, attempt) => Promise.resolve(attempt === 1 ? after(3_000) : done));
    controller.enqueue(key);
    await controller.start();
    await clock.advance(2_999);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    expect(attempts).toHaveLength(2);
    await controller.stop();
  });

  it('stops when what it works on has ended', async () => {
    const { controller, clock, lines } = setUp(() => new Promise((_, reject) => setImmediate(() => reject(new Error('late')))));
    controller.enqueue(key);
    await controller.start();
    await Promise.resolve();
    await controller.stop();
    await clock.advance(10_000);
    expect(lines).toEqual([]);
  });
});
