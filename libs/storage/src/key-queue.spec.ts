import { KeyQueue } from './key-queue';

it('lets tasks of one key take turns, also after a failure, and those of other keys run at once', async () => {
  const queue = new KeyQueue();
  const steps: string[] = [];
  const task = (name: string, fail = false) => async (): Promise<string> => {
    steps.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(`${name} ends`);
    if (fail) throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([queue.run('k', task('1', true)), queue.run('k', task('2')), queue.run('other', task('3'))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(steps.slice(0, 3)).toEqual(['1 begins', '3 begins', '1 ends']);
  expect(steps.filter((step) => !step.startsWith('3'))).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
});
