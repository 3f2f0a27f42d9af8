import { KeyLock } from './key-lock';

describe('KeyLock', () => {
  it('runs the work on one key in order, also past a failure', async () => {
    const lock = new KeyLock();
    const seen: string[] = [];
    const step = (name: string, fail = false) => lock.run('k', async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (fail) throw new Error(name);
    });
    const results = await Promise.allSettled([step('a'), step('b', true), step('c')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('does not hold up other keys', async () => {
    const lock = new KeyLock();
    let release = (): void => undefined;
    const held = lock.run('a', () => new Promise<void>((resolve) => (release = resolve)));
    await lock.run('b', () => Promise.resolve());
    release();
    await held;
  });
});
