import type { Readable } from 'node:stream';

/** All that a stream says, at most `maxChars` of it; what cannot be read any more counts as the end. */
export function collectText(stream: Readable, maxChars: number): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    const done = (): void => {
      resolve(text);
    };
    stream.on('data', (chunk: Buffer) => {
      if (text.length < maxChars) text += chunk.toString();
    });
    stream.once('end', done);
    stream.once('close', done);
  });
}
