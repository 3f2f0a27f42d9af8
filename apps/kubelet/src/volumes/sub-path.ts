import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, realpath, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { isCode } from '../error-text';
import { type Mounter } from './mounter';
import { mayBeNew } from './new-directory';
import { O_PATH, pathOf } from './o-path';

/** Throws unless a subPath stays inside its volume by its text. */
export function checkSubPath(subPath: string): void {
  if (subPath.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..')) throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
}

/** Makes the subdirectory of a volume that a mount names, unless something is there. Whoever may write to the volume may write to it, too, whatever the kubelet's umask: its containers need not run as root. */
export async function makeSubPath(volume: string, subPath: string): Promise<string> {
  const path = join(volume, normalize(subPath));
  await stat(path).catch(async (error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
    await makeInside(volume, normalize(subPath));
  });
  await resolveInside(volume, subPath);
  return path;
}

/**
 * Binds what a subPath names to a place only the kubelet can write, so that a container cannot swap it for a link
 * out of its volume between this check and its start.
 */
export async function bindSubPath(mounter: Mounter, volume: string, subPath: string, target: string): Promise<string> {
  const handle = await openInside(volume, subPath);
  try {
    const isDirectory = (await handle.stat()).isDirectory();
    if (isDirectory) await mkdir(target, { recursive: true });
    else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, '', { flag: 'a' });
    }
    if ((await mounter.below(target)).length > 0) await mounter.unmount(target);
    await mounter.bind(`/proc/${process.pid}/fd/${handle.fd}`, target, []);
  } finally {
    await handle.close();
  }
  return target;
}

const maxFileBytes = 64 * 1024;

/** A small file of a volume; throws for one that is outside it, or too large. */
export async function readInside(volume: string, path: string): Promise<Buffer> {
  checkSubPath(path);
  const handle = await openInside(volume, path);
  try {
    const stats = await handle.stat();
    // To read a pipe would never end, and a device is the node's own.
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    const { size } = stats;
    if (size > maxFileBytes) throw new Error(`file ${path} is larger than ${maxFileBytes} bytes`);
    return await readFile(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

async function resolveInside(volume: string, subPath: string): Promise<{ root: string; path: string }> {
  const root = await realpath(volume);
  const path = await realpath(join(root, normalize(subPath)));
  if (path !== root && !path.startsWith(`${root}/`)) throw new Error(`subpath "${subPath}" not within volume path`);
  return { root, path };
}

/** Opens step by step, refusing links: what was resolved may have been changed since. */
async function openInside(volume: string, subPath: string): Promise<FileHandle> {
  const { root, path } = await resolveInside(volume, subPath);
  let handle = await open(root, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  for (const element of relative(root, path).split('/').filter((part) => part !== '')) {
    const parent = handle;
    try {
      handle = await open(`/proc/self/fd/${parent.fd}/${element}`, O_PATH | constants.O_NOFOLLOW);
    } finally {
      await parent.close();
    }
    if ((await handle.stat()).isSymbolicLink()) {
      await handle.close();
      throw new Error(`subpath "${subPath}" changed while it was opened`);
    }
  }
  return handle;
}

async function makeInside(volume: string, subPath: string): Promise<void> {
  const mode = (await stat(volume)).mode & 0o2777;
  let handle = await open(await realpath(volume), O_PATH | constants.O_DIRECTORY);
  try {
    for (const element of subPath.split('/').filter((part) => part !== '' && part !== '.')) {
      const step = `/proc/self/fd/${handle.fd}/${element}`;
      const isNew = await mkdir(step, { mode }).then(() => true, (error: unknown) => {
        if (!isCode(error, 'EEXIST')) throw error;
        return false;
      });
      const parent = handle;
      handle = await open(step, O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY);
      await parent.close();
      if (isNew && await mayBeNew(handle)) await chmod(pathOf(handle), mode);
    }
  } finally {
    await handle.close();
  }
}
