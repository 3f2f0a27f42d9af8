import { readdir, readlink } from 'node:fs/promises';
import { isCode } from '../error-text';

/** What processes have open. */
export interface OpenFiles {
  readonly files: number;
  /** Of those, sockets. */
  readonly sockets: number;
}

/** Counts what processes have open, without those that have ended meanwhile. */
export async function openFiles(pids: readonly number[], proc = '/proc'): Promise<OpenFiles> {
  const each = await Promise.all(pids.map(async (pid) => {
    const directory = `${proc}/${pid}/fd`;
    const names = await unlessGone(readdir(directory), []);
    const targets = await Promise.all(names.map((name) => unlessGone(readlink(`${directory}/${name}`), '')));
    return { files: names.length, sockets: targets.filter((target) => target.startsWith('socket:')).length };
  }));
  return each.reduce((sum, { files, sockets }) => ({ files: sum.files + files, sockets: sum.sockets + sockets }), { files: 0, sockets: 0 });
}

/** What ends while it is looked at has nothing open; nor does anybody else's, to who may not look. */
async function unlessGone<T>(look: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await look;
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].some((code) => isCode(error, code))) return otherwise;
    throw error;
  }
}
