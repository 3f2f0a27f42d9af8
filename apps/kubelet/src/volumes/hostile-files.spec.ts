import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimev1 } from '@navarch/proto';
import { diskUse } from '../eviction/read-usage';
import { rotateLog } from '../logs/log-rotation';
import { readLogs } from '../logs/read-logs';
import { terminationMessagePathAnnotation, terminationMessagePolicyAnnotation } from '../runtime/labels';
import { terminationMessage } from '../runtime/termination-message';
import { prepareHostPath } from './host-path';
import { setGroupOwnership } from './ownership';
import { removeTree } from './remove-tree';
import { makeSubPath, readInside } from './sub-path';

const isRoot = process.getuid?.() === 0;

/** What a container can make in its volume, met by what the kubelet does there as root. */
describe('what containers leave in their volumes', () => {
  let root: string;
  let volume: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hostile-'));
    volume = join(root, 'volume');
    await mkdir(volume);
  });
  afterEach(() => removeTree(root));

  const pipe = (name: string): string => {
    const path = join(volume, name);
    execFileSync('mkfifo', [path]);
    return path;
  };
  /** Directories in each other, deeper than a path can name. */
  const nest = async (): Promise<void> => {
    const [inner, name] = [join(root, 'inner'), 'n'.repeat(200)];
    await mkdir(inner);
    await writeFile(join(inner, 'bottom'), 'x'.repeat(10_000));
    for (let level = 0; level < 50; level++) {
      await mkdir(join(root, 'outer'));
      await rename(inner, join(root, 'outer', name));
      await rename(join(root, 'outer'), inner);
    }
    await rename(inner, join(volume, 'deep'));
  };
  /** A name that is no text. */
  const odd = (): Buffer => Buffer.concat([Buffer.from(`${volume}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x20])]);

  it('is removed, whatever its names and however deep', async () => {
    await nest();
    await writeFile(odd(), '');
    await mkdir(Buffer.concat([odd(), Buffer.from('d')]));
    await symlink('/etc', join(volume, 'out'));
    await symlink('loop', join(volume, 'loop'));
    pipe('pipe');
    await removeTree(volume);
    await expect(lstat(volume)).rejects.toThrow('ENOENT');
    expect((await stat('/etc/passwd')).isFile()).toBe(true);
  });

  it('is counted, whatever its names and however deep: nothing can be hidden, and nothing outside is counted', async () => {
    const before = await diskUse(volume);
    await nest();
    await writeFile(odd(), 'x'.repeat(100_000));
    await symlink('/usr', join(volume, 'out'));
    await symlink('loop', join(volume, 'loop'));
    pipe('pipe');
    const { bytes, inodes } = await diskUse(volume);
    expect(inodes - before.inodes).toBe(51 + 1 + 1 + 3);
    expect(bytes).toBeGreaterThanOrEqual(110_000);
    expect(bytes).toBeLessThan(2_000_000);
  });

  it('is given to a group, but nothing that links lead to', async () => {
    if (!isRoot) return;
    const outside = join(root, 'outside');
    await writeFile(outside, '', { mode: 0o600 });
    await writeFile(odd(), '', { mode: 0o600 });
    await symlink(outside, join(volume, 'out'));
    await mkdir(join(volume, 'sub'));
    await symlink('..', join(volume, 'sub/up'));
    pipe('pipe');
    await setGroupOwnership(volume, { group: 4000, readOnly: false, onProblem: (error) => { throw error; } });
    const { gid, mode } = await stat(odd());
    expect([gid, mode & 0o777, (await stat(join(volume, 'sub'))).gid, (await lstat(join(volume, 'out'))).gid]).toEqual([4000, 0o660, 4000, 4000]);
    expect([(await stat(outside)).gid, (await stat(outside)).mode & 0o777]).toEqual([0, 0o600]);
  });

  it('is not read where variables come from files, unless it is a file inside', async () => {
    pipe('pipe');
    await symlink('/etc/passwd', join(volume, 'link'));
    await symlink('link', join(volume, 'chain'));
    await mkdir(join(volume, 'directory'));
    await writeFile(join(volume, 'env'), 'A=1');
    await symlink('env', join(volume, 'inside'));
    await expect(readInside(volume, 'pipe')).rejects.toThrow('pipe is not a regular file');
    await expect(readInside(volume, 'directory')).rejects.toThrow('directory is not a regular file');
    for (const path of ['link', 'chain']) await expect(readInside(volume, path)).rejects.toThrow('not within volume path');
    expect((await readInside(volume, 'inside')).toString()).toBe('A=1');
    if (!isRoot) return;
    execFileSync('mknod', [join(volume, 'zero'), 'c', '1', '5']);
    await expect(readInside(volume, 'zero')).rejects.toThrow('zero is not a regular file');
  });

  it('leads no sub-path out, by chains of links or through what is not there yet', async () => {
    await mkdir(join(volume, 'a'));
    await symlink('/', join(volume, 'a/top'));
    await symlink('a/top/etc', join(volume, 'chain'));
    await symlink(join(root, 'not-yet'), join(volume, 'dangling'));
    await symlink('a', join(volume, 'inside'));
    for (const path of ['chain', 'a/top', 'a/top/etc/passwd']) await expect(makeSubPath(volume, path)).rejects.toThrow('not within volume path');
    for (const path of ['dangling', 'dangling/sub']) await expect(makeSubPath(volume, path)).rejects.toThrow();
    await expect(lstat(join(root, 'not-yet'))).rejects.toThrow('ENOENT');
    await expect(makeSubPath(volume, 'inside')).resolves.toBe(join(volume, 'inside'));
  });

  it('makes no file of a hostPath where a link leads, and takes nothing for what it is not', async () => {
    await symlink(join(root, 'not-yet'), join(volume, 'dangling'));
    await expect(prepareHostPath(join(volume, 'dangling'), 'FileOrCreate')).rejects.toThrow(/EEXIST|ENOENT/);
    await expect(prepareHostPath(join(volume, 'dangling'), 'DirectoryOrCreate')).rejects.toThrow(/EEXIST|ENOENT/);
    await expect(lstat(join(root, 'not-yet'))).rejects.toThrow('ENOENT');
    const path = pipe('pipe');
    for (const type of ['File', 'FileOrCreate', 'Directory', 'DirectoryOrCreate', 'Socket', 'CharDevice', 'BlockDevice']) await expect(prepareHostPath(path, type)).rejects.toThrow('hostPath type check failed');
  });

  describe('is no last word', () => {
    const ended = (over: Partial<runtimev1.ContainerStatus>): Promise<string> => terminationMessage(runtimev1.ContainerStatus.fromPartial({
      exitCode: 1, message: 'the runtime\'s own', annotations: { [terminationMessagePathAnnotation]: '/msg', [terminationMessagePolicyAnnotation]: 'FallbackToLogsOnError' }, ...over,
    }));
    const mounted = (hostPath: string): Promise<string> => ended({ mounts: [runtimev1.Mount.fromPartial({ containerPath: '/msg', hostPath })] });

    it('where a pipe, a directory or a link stands for it: that is said, and nothing waits', async () => {
      await symlink('/etc/passwd', join(volume, 'link'));
      await expect(mounted(pipe('pipe'))).resolves.toMatch(/^the runtime's own: Error on reading termination log .*pipe is not a regular file/);
      await expect(mounted(volume)).resolves.toMatch(/is not a regular file/);
      await expect(mounted(join(volume, 'link'))).resolves.toMatch(/is a symbolic link/);
    });

    it('where a log has been replaced by a link', async () => {
      await symlink('/etc/passwd', join(volume, '0.log'));
      await expect(ended({ logPath: join(volume, '0.log') })).resolves.toBe('the runtime\'s own');
    });
  });

  describe('is no log', () => {
    const read = async (path: string): Promise<string> => {
      let text = '';
      for await (const chunk of readLogs(path, { follow: false, timestamps: false }, () => true, new AbortController().signal)) text += chunk.toString();
      return text;
    };

    it('where it is a link or a pipe', async () => {
      await writeFile(join(root, 'secret'), '2026-01-01T00:00:00Z stdout F secret\n');
      await symlink(join(root, 'secret'), join(volume, '0.log'));
      await expect(read(join(volume, '0.log'))).rejects.toThrow('is a symbolic link');
      await expect(read(pipe('1.log'))).rejects.toThrow('is not a regular file');
    });

    it('that would be rotated or compressed', async () => {
      await writeFile(join(root, 'secret'), 'x'.repeat(100));
      const path = join(volume, '0.log');
      const rotate = (): Promise<boolean> => rotateLog(path, { maxBytes: 10, maxFiles: 5 }, 0, () => Promise.resolve());
      await symlink(join(root, 'secret'), path);
      await expect(rotate()).resolves.toBe(false);
      await rename(path, `${path}.20260101-000000`);
      await writeFile(path, 'long enough to rotate');
      await expect(rotate()).rejects.toThrow('is a symbolic link');
      expect((await readdir(volume)).filter((name) => name.endsWith('.gz'))).toEqual([]);
    });
  });
});
