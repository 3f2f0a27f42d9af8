import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomically, type Payload } from './atomic-writer';

describe('writeAtomically', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'atomic-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const payload = (files: Record<string, string>, mode = 0o644): Payload => new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
  const visible = async (): Promise<Record<string, string>> => {
    const names = (await readdir(directory, { recursive: true })).filter((name) => !name.startsWith('..'));
    const files: Record<string, string> = {};
    for (const name of names.sort()) if ((await stat(join(directory, name))).isFile()) files[name] = await readFile(join(directory, name), 'utf8');
    return files;
  };

  it('shows files through one link, with the modes asked for whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await writeAtomically(directory, payload({ color: 'green', 'deep/er/file': 'x' }, 0o664));
    } finally {
      process.umask(umask);
    }
    expect(await visible()).toEqual({ color: 'green', 'deep/er/file': 'x' });
    expect(await readlink(join(directory, 'color'))).toBe('..data/color');
    expect(await readlink(join(directory, 'deep'))).toBe('..data/deep');
    expect((await stat(join(directory, 'color'))).mode & 0o777).toBe(0o664);
    expect((await stat(join(directory, 'deep/er'))).mode & 0o777).toBe(0o755);
  });

  it('knows a file by the plain form of its path', async () => {
    await writeAtomically(directory, payload({ './a': '1', 'b//c/': '2', 'd/./e': '3' }));
    expect(await visible()).toEqual({ a: '1', 'b/c': '2', 'd/e': '3' });
    await expect(writeAtomically(directory, payload({ a: '1', 'b/c': '2', 'd/e': '3' }))).resolves.toBe(false);
  });

  it('replaces all by one rename, and removes what is gone', async () => {
    await writeAtomically(directory, payload({ a: '1', b: '1' }));
    const before = await readlink(join(directory, '..data'));
    await expect(writeAtomically(directory, payload({ b: '2', c: '2' }))).resolves.toBe(true);
    expect(await visible()).toEqual({ b: '2', c: '2' });
    expect(await readdir(directory)).not.toContain(before);
    expect((await readdir(directory)).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  it('touches nothing when nothing has changed', async () => {
    await writeAtomically(directory, payload({ a: '1' }));
    const before = await readlink(join(directory, '..data'));
    await expect(writeAtomically(directory, payload({ a: '1' }))).resolves.toBe(false);
    expect(await readlink(join(directory, '..data'))).toBe(before);
  });

  it('clears up after a writer that died half-way', async () => {
    await writeAtomically(directory, payload({ a: '1' }));
    await mkdir(join(directory, '..data_tmp'));
    await rm(join(directory, '..data_tmp'), { recursive: true });
    await writeFile(join(directory, '..data_tmp'), 'left over');
    await writeAtomically(directory, payload({ a: '2' }));
    expect(await visible()).toEqual({ a: '2' });
    expect((await lstat(join(directory, '..data'))).isSymbolicLink()).toBe(true);
  });

  it.each(['', '/etc/passwd', '../up', 'a/../../up', '..data', '..2026/x', 'a'.repeat(256)])('refuses the path %j', async (path) => {
    await expect(writeAtomically(directory, payload({ [path]: 'x' }))).rejects.toThrow('invalid path');
  });
});
