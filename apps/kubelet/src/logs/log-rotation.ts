import { createWriteStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isCode } from '../error-text';
import { openRegular } from '../volumes/regular-file';

export interface LogRotationOptions {
  /** Upstream's --container-log-max-size. */
  readonly maxBytes: number;
  /** Upstream's --container-log-max-files, the current one included. */
  readonly maxFiles: number;
}

/** Rotates a container's log if it has grown too large; `reopen` makes the runtime begin a new file. Resolves with whether it did. */
export async function rotateLog(path: string, options: LogRotationOptions, nowMs: number, reopen: () => Promise<void>): Promise<boolean> {
  // What a link leads to is not its log.
  const size = await lstat(path).then((stats) => (stats.isFile() ? stats.size : 0), (error: unknown) => {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  });
  if (size < options.maxBytes) return false;
  const older = await rotatedFiles(path);
  // One place is for the file in use, one for that which is about to be rotated.
  for (const file of older.slice(0, Math.max(0, older.length - (options.maxFiles - 2)))) await rm(file, { force: true });
  for (const file of older.slice(Math.max(0, older.length - (options.maxFiles - 2)))) if (!file.endsWith('.gz')) await compress(file);
  const rotated = `${path}.${timestamp(nowMs)}`;
  await rename(path, rotated);
  try {
    await reopen();
  } catch (error) {
    // The runtime goes on writing to the file it has: it gets its name back.
    await rename(rotated, path);
    throw error;
  }
  return true;
}

/** Earlier parts of a log, oldest first. */
export async function rotatedFiles(path: string): Promise<string[]> {
  const name = basename(path);
  const names = (await readdir(dirname(path))).filter((other) => other.startsWith(`${name}.`) && !other.endsWith('.tmp'));
  return names.sort().map((other) => join(dirname(path), other));
}

async function compress(file: string): Promise<void> {
  const temporary = `${file}.tmp`;
  await rm(temporary, { force: true });
  const source = await openRegular(file);
  // Closes the file it reads.
  await pipeline(source.createReadStream(), createGzip(), createWriteStream(temporary, { flags: 'wx' }));
  await rename(temporary, `${file}.gz`);
  await rm(file, { force: true });
}

/** Upstream's form: 20060102-150405. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
