import type { Readable } from 'node:stream';

import { parseTerminalSize, type TerminalSize } from './types';

const MAX_MESSAGE_CHARS = 4096;

/** Reads sizes from a resize stream: JSON objects one after the other, cut anywhere. Anything else is skipped. */
export function readTerminalSizes(stream: Readable, onSize: (size: TerminalSize) => void): void {
  let pending = '';
  stream.on('data', (chunk: Buffer) => {
    pending += chunk.toString();
    for (let end = pending.indexOf('}'); end >= 0; end = pending.indexOf('}')) {
      const size = parseTerminalSize(pending.slice(0, end + 1));
      if (size) onSize(size);
      pending = pending.slice(end + 1);
    }
    if (pending.length > MAX_MESSAGE_CHARS) pending = '';
  });
}
