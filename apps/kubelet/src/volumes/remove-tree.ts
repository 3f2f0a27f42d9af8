import { mkdtemp, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { isCode } from '../error-text';
import { type Mounter } from './mounter';

/**
 * Removes a directory with all that containers have made in it. Directories may be nested deeper than a path can name: those are
 * taken out of each other first.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isCode(error, 'ENAMETOOLONG')) throw error;
    await removeFlattened(path);
  }
}

/** Each directory that is met moves to one shelf, so that no path grows longer. */
async function removeFlattened(root: string): Promise<void> {
  const shelf = await mkdtemp(`${root}/..removing-`);
  const left: Buffer[] = [];
  let count = 0;
  const empty = async (directory: Buffer): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true, encoding: 'buffer' })) {
      const from = Buffer.concat([directory, Buffer.from('/'), entry.name]);
      if (from.equals(Buffer.from(shelf))) continue;
      if (!entry.isDirectory()) {
        await unlink(from);
        continue;
      }
      const to = Buffer.from(`${shelf}/${count++}`);
      await rename(from, to);
      left.push(to);
    }
  };
  await empty(Buffer.from(root));
  for (let next = left.pop(); next; next = left.pop()) {
    await empty(next);
    await rmdir(next);
  }
  await rmdir(shelf);
  await rmdir(root);
}

/** Removes a directory of this node, when what is mounted in it is mounted no more. */
export async function unmountAndRemove(mounter: Mounter, directory: string): Promise<void> {
  for (const point of await mounter.below(directory)) await mounter.unmount(point);
  // A file system that is still mounted may hold what is not ours to delete.
  const left = await mounter.below(directory);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
  await removeTree(directory);
}
