import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveTree } from './identity-bundles';

describe('a directory that is given to somebody', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-given-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is given with all in it but what links lead to, and left alone once it is', () => {
    const data = join(directory, 'data');
    mkdirSync(join(data, 'member', 'wal'), { recursive: true });
    writeFileSync(join(data, 'member', 'wal', '0'), '');
    symlinkSync(directory, join(data, 'link'));
    giveTree(data, 1000);
    expect(['', 'member', 'member/wal', 'member/wal/0'].map((name) => statSync(join(data, name)).uid)).toEqual([1000, 1000, 1000, 1000]);
    expect(statSync(directory).uid).toBe(0);
    writeFileSync(join(data, 'another'), '');
    giveTree(data, 1000);
    expect(statSync(join(data, 'another')).uid).toBe(0);
  });
});
