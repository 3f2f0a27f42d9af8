import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { isCode } from '../error-text';

/** One file of a volume that is written as a whole. */
export interface PayloadFile {
  readonly data: Buffer;
  readonly mode: number;
  /** Owner; the kubelet's own when unset. */
  readonly uid?: number;
}

/** Files by their path inside the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export interface WriteOptions {
  readonly beforeSwitch?: ((dataDirectory: string) => Promise<void>) | undefined;
  readonly keep?: ReadonlySet<string>;
}

const dataLink = '..data';

/**
 * Makes a directory, which is there, hold exactly these files, so that a reader sees either all of the old or all of the new: files
 * live in a time-stamped directory, `..data` points to it and is replaced by one rename, and the names a user sees
 * point through `..data`. What else is in the directory is removed, but for names to keep. Returns whether anything changed.
 */
export async function writeAtomically(directory: string, files: Payload, { beforeSwitch, keep = new Set() }: WriteOptions = {}): Promise<boolean> {
  for (const path of files.keys()) validatePath(path);
  const payload = new Map([...files].map(([path, file]) => [plain(path), file]));
  const old = await readlink(join(directory, dataLink)).catch(ignoreMissing);
  if (old !== undefined && await holds(join(directory, old), payload)) return false;

  const fresh = await mkdtemp(join(directory, `..${timestamp()}.`));
  await chmod(fresh, 0o755);
  for (const [path, file] of payload) {
    const target = join(fresh, path);
    await makeDirectories(fresh, dirname(path));
    await writeFile(target, file.data, { mode: file.mode });
    // The process's umask has its say in the mode of a new file.
    await chmod(target, file.mode);
    if (file.uid !== undefined) await chown(target, file.uid, -1);
  }
  await beforeSwitch?.(fresh);
  const temporary = join(directory, '..data_tmp');
  const link = (): Promise<void> => symlink(fresh.slice(directory.length + 1), temporary);
  await link().catch(async (error: unknown) => {
    // Left by one that was cut off.
    if (!isCode(error, 'EEXIST')) throw error;
    await rm(temporary, { force: true });
    await link();
  });
  await rename(temporary, join(directory, dataLink));
  await linkNames(directory, payload, keep);
  if (old !== undefined) await rm(join(directory, old), { recursive: true, force: true });
  return true;
}

/** Links each first path element through `..data`, and removes links to what is gone. */
async function linkNames(directory: string, payload: Payload, keep: ReadonlySet<string>): Promise<void> {
  const names = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  const present = new Set(await readdir(directory));
  for (const name of names) if (!present.has(name)) await symlink(join(dataLink, name), join(directory, name));
  for (const name of present) {
    if (!name.startsWith('..') && !names.has(name) && !keep.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function makeDirectories(root: string, path: string): Promise<void> {
  if (path === '.') return;
  await makeDirectories(root, dirname(path));
  await mkdir(join(root, path)).catch(ignoreExisting);
  await chmod(join(root, path), 0o755);
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  const present = await listFiles(directory, '');
  if (present.length !== payload.size) return false;
  for (const path of present) {
    const wanted = payload.get(path);
    if (!wanted || !wanted.data.equals(await readFile(join(directory, path)))) return false;
  }
  return true;
}

async function listFiles(root: string, path: string): Promise<string[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true });
  const nested = await Promise.all(entries.map((entry) => {
    const child = path === '' ? entry.name : `${path}/${entry.name}`;
    return entry.isDirectory() ? listFiles(root, child) : Promise.resolve([child]);
  }));
  return nested.flat();
}

/** As Go's path.Clean: `./a//b/` names what `a/b` does. */
export function plain(path: string): string {
  return normalize(path).replace(/(?<=.)\/$/, '');
}

/** Throws for a path that would leave the volume or meet the writer's own names. */
function validatePath(path: string): void {
  if (path === '') throw new Error("invalid path: must not be empty: \"\"");
  if (path.startsWith('/')) throw new Error(`invalid path: must be relative path: ${path}`);
  if (path.length > 4096) throw new Error(`invalid path: must be less than or equal to 4096 characters`);
  const elements = path.split('/');
  if (elements.includes('..')) throw new Error(`invalid path: must not contain '..': ${path}`);
  if (elements.some((element) => element.length > 255)) throw new Error('invalid path: filenames must be less than or equal to 255 characters');
  if (path.startsWith('..')) throw new Error(`invalid path: must not start with '..': ${path}`);
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_');
}

function ignoreMissing(error: unknown): undefined {
  if (isCode(error, 'ENOENT')) return undefined;
  throw error;
}

function ignoreExisting(error: unknown): undefined {
  if (isCode(error, 'EEXIST')) return undefined;
  throw error;
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}
