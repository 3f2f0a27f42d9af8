import { stat, type FileHandle } from 'node:fs/promises';
import { isCode } from '../error-text';
import { openRegular } from '../volumes/regular-file';
import { FileChanges } from './file-changes';
import { logTimeToNanoseconds, parseLogLine } from './cri-log-line';

export interface ReadLogsOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceNs?: bigint;
  readonly stream?: 'stdout' | 'stderr';
}

const chunkBytes = 64 * 1024;
const newline = 0x0a;

/**
 * A container's log as its user wants it. Following goes on across rotations, until the container has ended and
 * all is read, or the signal. `ended` is asked at the end of the file.
 */
export async function* readLogs(path: string, options: ReadLogsOptions, ended: () => boolean, signal: AbortSignal): AsyncGenerator<Buffer> {
  const changes = options.follow ? new FileChanges(path) : undefined;
  const writer = new LogFormatter(options);
  let file = await openWhenThere(path, changes, ended, signal);
  if (!file) return;
  try {
    let position = options.tailLines === undefined ? 0 : await findTail(file, options.tailLines);
    let rest = Buffer.alloc(0);
    while (!signal.aborted) {
      // Asked before the read: what is written after a container's end is read once more.
      const over = ended();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
      if (bytesRead > 0) {
        position += bytesRead;
        const data = rest.length === 0 ? buffer.subarray(0, bytesRead) : Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const complete = data.lastIndexOf(newline) + 1;
        rest = Buffer.from(data.subarray(complete));
        const text = writer.format(data.subarray(0, complete));
        if (text.length > 0) yield text;
        if (writer.full) return;
        continue;
      }
      if (!changes) return;
      const rotated = await reopenIfRotated(path, file);
      if (rotated) {
        file = rotated;
        position = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      if (over) return;
      await changes.wait(signal);
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

/** Turns lines as the runtime writes them into what is sent. */
class LogFormatter {
  full = false;
  #sent = 0;
  #lineStart = true;

  constructor(private readonly options: ReadLogsOptions) {}

  format(data: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let start = 0; start < data.length && !this.full;) {
      const end = data.indexOf(newline, start);
      this.#add(data.subarray(start, end), parts);
      start = end + 1;
    }
    return Buffer.concat(parts);
  }

  #add(line: Buffer, parts: Buffer[]): void {
    const parsed = parseLogLine(line);
    const { stream, sinceNs, timestamps } = this.options;
    if (!parsed || (stream !== undefined && parsed.stream !== stream)) return;
    if (sinceNs !== undefined && (logTimeToNanoseconds(parsed.time) ?? sinceNs) < sinceNs) return;
    if (timestamps && this.#lineStart) this.#push(Buffer.from(`${parsed.time} `), parts);
    this.#push(parsed.content, parts);
    if (!parsed.partial) this.#push(Buffer.from('\n'), parts);
    this.#lineStart = !parsed.partial;
  }

  #push(part: Buffer, parts: Buffer[]): void {
    const room = (this.options.limitBytes ?? Infinity) - this.#sent;
    const kept = part.length > room ? part.subarray(0, room) : part;
    this.#sent += kept.length;
    parts.push(kept);
    if (part.length >= room) this.full = true;
  }
}

/** Where the last so many lines begin. */
async function findTail(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines <= 0) return size;
  let found = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunkBytes);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(end - start), 0, end - start, start);
    for (let at = bytesRead - 1; at >= 0; at--) {
      // The last byte of the file ends the last line, and begins none.
      if (buffer[at] !== newline || start + at === size - 1) continue;
      if (++found === lines) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

/** Opens a log; one that is followed may not be there yet. */
async function openWhenThere(path: string, changes: FileChanges | undefined, ended: () => boolean, signal: AbortSignal): Promise<FileHandle | undefined> {
  while (!signal.aborted) {
    try {
      return await openRegular(path);
    } catch (error) {
      if (!isCode(error, 'ENOENT') || !changes) {
        changes?.close();
        throw error;
      }
      if (ended()) break;
      await changes.wait(signal);
    }
  }
  changes?.close();
  return undefined;
}

/** The file that now has the path, if the open one has been moved away. */
async function reopenIfRotated(path: string, file: FileHandle): Promise<FileHandle | undefined> {
  try {
    const [current, held] = await Promise.all([stat(path), file.stat()]);
    if (current.ino === held.ino) return undefined;
    const fresh = await openRegular(path);
    await file.close();
    return fresh;
  } catch (error) {
    // Between the rename and the new file there is none.
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
