import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { archiveProblem } from './archive-problem';

describe('archiveProblem', () => {
  const dir = mkdtempSync(join(tmpdir(), 'navarch-archive-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };

  it('has nothing against a tar archive', () => {
    const member = file('manifest.json', '[]');
    execFileSync('tar', ['-C', dir, '-cf', join(dir, 'image.tar'), 'manifest.json']);
    expect(archiveProblem(join(dir, 'image.tar'))).toBeUndefined();
    expect(archiveProblem(member)).toBe('is not a tar archive');
  });

  it('knows what people give by mistake', () => {
    expect(archiveProblem(dir)).toContain('is a directory');
    expect(archiveProblem(file('empty.tar', ''))).toBe('is empty');
    expect(archiveProblem(file('text.tar', 'hello\n'))).toBe('is not a tar archive');
    expect(archiveProblem(file('image.tar.gz', gzipSync('x')))).toBe('is compressed with gzip: decompress it first');
    expect(archiveProblem(file('image.tar.zst', Buffer.from('28b52ffd00', 'hex')))).toContain('zstd');
  });

  it('says which file cannot be read', () => {
    expect(() => archiveProblem(join(dir, 'none.tar'))).toThrow(/ENOENT.*none\.tar/);
  });
});
