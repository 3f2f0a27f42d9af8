import { chmod, chown, lchown, lstat, readdir } from 'node:fs/promises';
import { openPlace, pathOf } from './o-path';

/** Upstream's fsGroupChangePolicy. */
export type OwnershipPolicy = 'Always' | 'OnRootMismatch';

export interface OwnershipOptions {
  readonly group: number;
  readonly readOnly: boolean;
  readonly policy?: OwnershipPolicy;
  readonly onFile?: () => void;
  /** Something keeps its owner or mode: there are file systems that do not let anybody change them. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Gives a volume to a group, as fsGroup asks: its files readable (and writable), its directories inherited by what is
 * made in them. With OnRootMismatch, nothing is touched when the volume's root already has what it needs.
 */
export async function setGroupOwnership(path: string, options: OwnershipOptions): Promise<void> {
  if (options.policy === 'OnRootMismatch' && await rootMatches(path, options)) return;
  await walk(path, options);
}

async function rootMatches(path: string, { group, readOnly }: OwnershipOptions): Promise<boolean> {
  const { gid, mode } = await lstat(path);
  const wanted = wantedBits(readOnly, true);
  return gid === group && (mode & wanted) === wanted;
}

/**
 * The root comes last, so that a walk that was cut short is seen by the next. Goes by handles: other pods may share the volume, and
 * put a link in the place of what was just looked at.
 */
async function walk(path: string | Buffer, options: OwnershipOptions): Promise<void> {
  const { group, readOnly, onFile, onProblem } = options;
  const place = await openPlace(path);
  try {
    const stats = await place.stat();
    const here = pathOf(place);
    // Names are bytes: containers may write any.
    if (stats.isDirectory()) for (const name of await readdir(here, { encoding: 'buffer' })) await walk(Buffer.concat([Buffer.from(`${here}/`), name]), options);
    onFile?.();
    // As upstream has it, a pod gets its volume all the same.
    if (stats.isSymbolicLink()) await lchown(path, stats.uid, group).catch(onProblem);
    else {
      await chown(here, stats.uid, group).catch(onProblem);
      await chmod(here, (stats.mode & 0o7777) | wantedBits(readOnly, stats.isDirectory())).catch(onProblem);
    }
  } finally {
    await place.close();
  }
}

function wantedBits(readOnly: boolean, isDirectory: boolean): number {
  return (readOnly ? 0o440 : 0o660) | (isDirectory ? 0o2110 : 0);
}
