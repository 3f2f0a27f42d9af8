import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isCode } from '../error-text';

/** The kernel gives one record a read, none longer than this. */
const maxRecordBytes = 16 * 1024;

/** The kernel's log, as /dev/kmsg has it: what is said after it was opened. */
export class KernelMessages {
  readonly #buffer = Buffer.alloc(maxRecordBytes);
  #handle: FileHandle | undefined;

  constructor(private readonly path = '/dev/kmsg') {}

  /** Rejects where the log cannot be read. */
  async open(): Promise<void> {
    // A read that waits would hold a thread of the process for good.
    this.#handle = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    await this.next();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** What has been said since it was last asked. */
  async next(): Promise<string[]> {
    const messages: string[] = [];
    for (let record = await this.#record(); record !== undefined; record = await this.#record()) messages.push(messageOf(record));
    return messages;
  }

  /** Undefined when there is none left. */
  async #record(): Promise<string | undefined> {
    if (!this.#handle) return undefined;
    try {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, maxRecordBytes, null);
      return bytesRead === 0 ? undefined : this.#buffer.toString('utf8', 0, bytesRead);
    } catch (error) {
      if (isCode(error, 'EAGAIN')) return undefined;
      // What was to be read next has been overwritten; the read after it goes on behind that.
      if (isCode(error, 'EPIPE')) return '';
      throw error;
    }
  }
}

/** The text of a record: `priority,number,microseconds,flags;text`, then lines of key=value that are indented. */
export function messageOf(record: string): string {
  const text = record.slice(record.indexOf(';') + 1);
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
}
