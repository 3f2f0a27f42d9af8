import { badRequest, requestEntityTooLarge } from '@navarch/apimachinery';
import type { Readable } from 'node:stream';

/** Upstream's MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** @throws requestEntityTooLarge, or badRequest when the client goes away before it has sent all */
export function readBody(stream: Readable, declaredLength: number | undefined, limit = MAX_BODY_BYTES): Promise<Buffer> {
  if (declaredLength !== undefined && declaredLength > limit) {
    stream.resume();
    return Promise.reject(requestEntityTooLarge(`limit is ${limit}`));
  }
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        // What is still coming is read and dropped, so that the client gets to see the answer.
        more = undefined;
        reject(requestEntityTooLarge(`limit is ${limit}`));
      } else if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
    });
    stream.on('end', () => resolve(more ? Buffer.concat(more, size) : (first ?? Buffer.alloc(0))));
    stream.on('error', (error: Error) => reject(badRequest(`the body could not be read: ${error.message}`)));
    stream.on('close', () => reject(badRequest('the client went away before the body was complete')));
  });
}
