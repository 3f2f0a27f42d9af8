import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Upstream's fsGroupChangePolicy. */
export type OwnershipPolicy = 'Always' | 'OnRootMismatch';

/**
 * Gives a volume to a group, as fsGroup asks: its files readable (and writable), its directories inherited by what is
 * made in them. With OnRootMismatch, nothing is touched when the volume's root already has what it needs.
 */
export async function setGroupOwnership(path: string, group: number, readOnly: boolean, policy: OwnershipPolicy = 'Always'): Promise<void> {
  if (policy === 'OnRootMismatch' && await rootMatches(path, group, readOnly)) return;
  await walk(path, group, readOnly);
}

async function rootMatches(path: string, group: number, readOnly: boolean): Promise<boolean> {
  const { gid, mode } = await lstat(path);
  const wanted = wantedBits(readOnly, true);
  return gid === group && (mode & wanted) === wanted;
}

/** The root comes last, so that a walk that was cut short is seen by the next. */
async function walk(path: string, group: number, readOnly: boolean): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) for (const name of await readdir(path)) await walk(join(path, name), group, readOnly);
  await lchown(path, stats.uid, group);
  if (!stats.isSymbolicLink()) await chmod(path, (stats.mode & 0o7777) | wantedBits(readOnly, stats.isDirectory()));
}

function wantedBits(readOnly: boolean, isDirectory: boolean): number {
  return (readOnly ? 0o440 : 0o660) | (isDirectory ? 0o2110 : 0);
}
