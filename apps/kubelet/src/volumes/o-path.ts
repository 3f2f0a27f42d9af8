import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Linux's O_PATH, which Node does not name: a handle to a place, not to its contents. */
export const O_PATH = 0o10000000;

/** A handle to what stands at a path itself, be it a link; nothing of it is opened. */
export function openPlace(path: string | Buffer): Promise<FileHandle> {
  return open(path, O_PATH | constants.O_NOFOLLOW);
}

/** What a handle is to, as a path: it stays that, whoever moves or replaces things meanwhile. */
export function pathOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}
