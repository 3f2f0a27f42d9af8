import { PassThrough } from 'node:stream';
import { readBody } from './read-body';

describe('a request body', () => {
  it('is read whole', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined);
    stream.write('ab');
    stream.end('cd');
    expect((await read).toString()).toBe('abcd');
  });

  it('over the limit is refused while what still comes is dropped', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined, 3);
    stream.write('abcd');
    await expect(read).rejects.toMatchObject({ code: 413 });
    stream.end('more');
    await new Promise((resolve) => stream.on('close', resolve));
  });

  describe('that never comes to its end', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
    afterEach(() => jest.useRealTimers());

    it.each([['of the promised length', 10], ['longer than allowed', 4_000_000]])('is answered and then cut: %s', async (_what, length) => {
      const stream = new PassThrough();
      const read = readBody(stream, length, undefined, 60_000);
      const answered = expect(read).rejects.toMatchObject({ code: length > 10 ? 413 : 504 });
      stream.write('a');
      await jest.advanceTimersByTimeAsync(60_000);
      await answered;
      expect(stream.destroyed).toBe(false);
      await jest.advanceTimersByTimeAsync(1000);
      expect(stream.destroyed).toBe(true);
    });

    it('leaves nothing behind when the client goes away', async () => {
      const stream = new PassThrough();
      const read = expect(readBody(stream, 10)).rejects.toMatchObject({ code: 400 });
      stream.destroy();
      await read;
      expect(jest.getTimerCount()).toBe(0);
    });
  });
});
