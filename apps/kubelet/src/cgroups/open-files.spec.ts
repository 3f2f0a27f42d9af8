import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFiles } from './open-files';

const gone = 2 ** 30;

describe('what processes have open', () => {
  let proc: string;
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'nv-proc-'));
  });
  afterEach(() => rmSync(proc, { recursive: true, force: true }));

  function opens(pid: number, targets: readonly string[]): void {
    const directory = join(proc, `${pid}`, 'fd');
    mkdirSync(directory, { recursive: true });
    targets.forEach((target, fd) => symlinkSync(target, join(directory, `${fd}`)));
  }

  it('is counted over all of them, sockets also by themselves', async () => {
    opens(7, ['/dev/null', 'socket:[11]', 'pipe:[12]']);
    opens(8, ['socket:[13]', 'socket:[14]']);
    await expect(openFiles([7, 8], proc)).resolves.toEqual({ files: 5, sockets: 3 });
  });

  it('is nothing for one that is gone', async () => {
    opens(7, ['socket:[11]']);
    await expect(openFiles([7, gone], proc)).resolves.toEqual({ files: 1, sockets: 1 });
    await expect(openFiles([gone])).resolves.toEqual({ files: 0, sockets: 0 });
  });

  // Never compared with another moment: whatever ran in this process before may still close its own.
  it('is read where the kernel tells it', async () => {
    const { files, sockets } = await openFiles([process.pid]);
    expect(files).toBeGreaterThan(2);
    expect(sockets).toBeLessThan(files);
  });
});
