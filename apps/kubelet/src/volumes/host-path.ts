import { mkdir, stat, writeFile } from 'node:fs/promises';
import { type Stats } from 'node:fs';
import { isCode } from '../error-text';

/** Makes or checks a hostPath volume by its type; throws with upstream's text. */
export async function prepareHostPath(path: string, type = ''): Promise<string> {
  const stats = await stat(path).catch((error: unknown): Stats | undefined => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (type === 'DirectoryOrCreate' && !stats) {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return path;
  }
  if (type === 'FileOrCreate' && !stats) {
    await writeFile(path, '', { mode: 0o644, flag: 'wx' });
    return path;
  }
  const expected = expectations[type];
  if (expected && !(stats && expected.is(stats))) throw new Error(`hostPath type check failed: ${path} is not ${expected.name}`);
  return path;
}

const directory = { name: 'a directory', is: (stats: Stats) => stats.isDirectory() };
const file = { name: 'a file', is: (stats: Stats) => stats.isFile() };

const expectations: Partial<Record<string, { name: string; is: (stats: Stats) => boolean }>> = {
  Directory: directory,
  DirectoryOrCreate: directory,
  File: file,
  FileOrCreate: file,
  Socket: { name: 'a socket file', is: (stats) => stats.isSocket() },
  CharDevice: { name: 'a character device', is: (stats) => stats.isCharacterDevice() },
  BlockDevice: { name: 'a block device', is: (stats) => stats.isBlockDevice() },
};
