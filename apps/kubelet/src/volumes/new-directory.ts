import { readdir, type FileHandle } from 'node:fs/promises';
import { pathOf } from './o-path';

/**
 * Whether an open directory can be the one that this process, which runs as `user`, has just made. A container may have renamed another directory
 * of its volume into that place meanwhile: what is somebody else's, or has something in it, is such a one.
 */
export async function mayBeNew(directory: FileHandle, user = process.geteuid?.()): Promise<boolean> {
  return (await directory.stat()).uid === user && (await readdir(pathOf(directory))).length === 0;
}
