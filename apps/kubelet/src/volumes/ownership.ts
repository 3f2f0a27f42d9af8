import { chmod, chown, lchown, lstat, readdir } from 'node:fs/promises';
import { openPlace, pathOf } from './o-path';

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

/**
 * The root comes last, so that a walk that was cut short is seen by the next. Goes by handles: other pods may share the volume, and
 * put a link in the place of what was just looked at.
 */
async function walk(path: string | Buffer, group: number, readOnly: boolean): Promise<void> {
  const place = await openPlace(path);
  try {
    const stats = await place.stat();
    const here = pathOf(place);
    // Names are bytes: containers may write any.
    if (stats.isDirectory()) for (const name of await readdir(here, { encoding: 'buffer' })) await walk(Buffer.concat([Buffer.from(`${here}/`), name]), group, readOnly);
    if (stats.isSymbolicLink()) {
      await lchown(path, stats.uid, group);
      return;
    }
    await chown(here, stats.uid, group);
    await chmod(here, (stats.mode & 0o7777) | wantedBits(readOnly, stats.isDirectory()));
  } finally {
    await place.close();
  }
}

function wantedBits(readOnly: boolean, isDirectory: boolean): number {
  return (readOnly ? 0o440 : 0o660) | (isDirectory ? 0o2110 : 0);
}
