import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Gives a volume to a group, as fsGroup asks: its files readable (and writable), its directories inherited by what is made in them. */
export async function setGroupOwnership(path: string, group: number, readOnly: boolean): Promise<void> {
  const stats = await lstat(path);
  await lchown(path, stats.uid, group);
  if (stats.isSymbolicLink()) return;
  const mask = readOnly ? 0o440 : 0o660;
  await chmod(path, (stats.mode & 0o7777) | mask | (stats.isDirectory() ? 0o2110 : 0));
  if (!stats.isDirectory()) return;
  for (const name of await readdir(path)) await setGroupOwnership(join(path, name), group, readOnly);
}
