import type { Writable } from 'node:stream';

/** Writes and waits until more may be written; a stream that is gone swallows it. */
export function writeAndDrain(stream: Writable, data: Buffer): Promise<void> {
  if (stream.destroyed || stream.writableEnded || stream.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
