import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { readBody } from './read-body';

/** A request as it is when all of it came in one packet. */
function arrived(...chunks: readonly string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  for (const chunk of chunks) request.push(Buffer.from(chunk));
  request.push(null);
  request.complete = true;
  return request;
}

describe('a request body', () => {
  it('is read whole', async () => {
    const stream = new PassThrough();
    const read = readBody(stream, undefined);
    stream.write('ab');
    stream.end('cd');
    expect((await read).toString()).toBe('abcd');
  });

  it.each([[['ab']], [['ab', 'cd']], [[]]])('that came with its head is taken at once, and comes to its end: %j', async (chunks) => {
    const request = arrived(...chunks);
    const ended = new Promise((resolve) => request.on('end', resolve));
    const read = readBody(request, undefined);
    expect(request.listenerCount('data')).toBe(0);
    expect((await read).toString()).toBe(chunks.join(''));
    await ended;
  });

  it('that came with its head has the same limit', () => expect(readBody(arrived('abcd'), undefined, 3)).rejects.toMatchObject({ code: 413 }));

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
