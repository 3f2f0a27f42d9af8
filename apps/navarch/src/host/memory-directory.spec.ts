import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryDirectory } from './memory-directory';

const tmpfs = 0x0102_1994;

describe('a directory in memory', () => {
  let root: string;
  let parent: string;
  let link: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'memory-directory-'));
    parent = join(root, 'shm');
    link = join(root, 'link');
    mkdirSync(parent);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const make = (bytes: number, type = tmpfs): MemoryDirectory | undefined => MemoryDirectory.make(link, bytes, { parent, fileSystem: () => ({ type, bavail: 10, bsize: 100 }) });

  it('is nobody else\'s, and gone with its link once removed', () => {
    const directory = make(1_000);
    expect(directory && readlinkSync(link)).toBe(directory?.path);
    expect(statSync(link).mode & 0o777).toBe(0o700);
    writeFileSync(join(link, 'file'), '');
    directory?.remove();
    expect([existsSync(directory?.path ?? ''), existsSync(link)]).toEqual([false, false]);
  });

  it('is not made where there is no room, where files are on a disk, or where there is no such place', () => {
    expect(make(1_001)).toBeUndefined();
    expect(make(1, 0xef53)).toBeUndefined();
    expect(MemoryDirectory.make(link, 1, { parent: join(root, 'missing') })).toBeUndefined();
    expect(existsSync(link)).toBe(false);
  });

  it('takes the place of what a process left that was killed, and of nothing else', () => {
    const left = make(1);
    make(1);
    expect(existsSync(left?.path ?? '')).toBe(false);
    const foreign = join(root, 'navarch-foreign');
    mkdirSync(foreign);
    rmSync(link);
    symlinkSync(foreign, link);
    make(1);
    expect([existsSync(foreign), readlinkSync(link).startsWith(parent)]).toEqual([true, true]);
  });
});
