import { lstat, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isCode } from '../error-text';

/** Of a file's name, as file systems have it. */
const longestName = 255;
const ending = '.log';

/** Whose log it is. */
export interface LoggedContainer {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  readonly id: string;
}

/** The name by which those who collect the logs of a node know a container's, as upstream's `/var/log/containers` has it. */
export function logLinkName({ pod, namespace, container, id }: LoggedContainer): string {
  return `${`${pod}_${namespace}_${container}-${id}`.slice(0, longestName - ending.length)}${ending}`;
}

/** Makes a link to a log that is there; a runtime may keep its logs elsewhere. */
export async function linkLog(link: string, path: string): Promise<void> {
  if (await isMissing(path)) return;
  await mkdir(dirname(link), { recursive: true, mode: 0o755 });
  await symlink(path, link).catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw error;
  });
}

/** Removes a container's log with all that was rotated of it. */
export async function removeLog(path: string): Promise<void> {
  const names = await namesIn(dirname(path));
  const own = names.filter((name) => name === basename(path) || name.startsWith(`${basename(path)}.`));
  await Promise.all(own.map((name) => rm(join(dirname(path), name), { force: true })));
}

/** Removes links to logs that are gone. */
export async function removeDanglingLinks(directory: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    const link = join(directory, name);
    if (await isLink(link) && await isMissing(link)) await rm(link, { force: true });
  }
}

/** Its container may take it away meanwhile. */
async function isLink(path: string): Promise<boolean> {
  return lstat(path).then((found) => found.isSymbolicLink(), (error: unknown) => {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  });
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(() => false, (error: unknown) => {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return true;
    throw error;
  });
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
}
