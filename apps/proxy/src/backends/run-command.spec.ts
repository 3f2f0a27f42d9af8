import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, makeTempDir } from '@navarch/testing';
import { runCommand, runCommandWithSpare } from './run-command';

describe('runCommand', () => {
  it('answers what a program wrote, and tells what it was fed', async () => {
    expect(await runCommand('cat', [], 'fed')).toBe('fed');
  });

  it('rejects with what a program complains of', async () => {
    await expect(runCommand('sh', ['-c', 'echo no >&2; exit 3'])).rejects.toThrow('sh -c echo no >&2; exit 3 failed: no');
    await expect(runCommand('no-such-program', [])).rejects.toThrow('no-such-program could not be started');
  });
});

describe('a command with a spare', () => {
  it('is begun before it is told anything, and told once', async () => {
    await using directory = await makeTempDir();
    const begun = join(directory.path, 'begun');
    const script = ['-c', `echo $$ >> ${begun}; echo $$; cat`];
    const run = runCommandWithSpare('sh', script);
    const pids = async (): Promise<string[]> => (await readFile(begun, 'utf8')).trim().split('\n');
    const first = await run('sh', script, 'one');
    await eventually(async () => (await pids()).length === 2);
    const [one, two] = await pids();
    expect([first, await run('sh', script, 'two')]).toEqual([`${one}\none`, `${two}\ntwo`]);
  });

  it('does not mind when somebody ends it', async () => {
    const run = runCommandWithSpare('sh', ['-c', 'echo $$ >&2; exec cat']);
    for (const text of ['one', 'two', 'three']) expect(await run('sh', ['-c', 'echo $$ >&2; exec cat'], text)).toBe(text);
    const mortal = runCommandWithSpare('sh', ['-c', 'exit 4']);
    for (let times = 0; times < 3; times++) await expect(mortal('sh', ['-c', 'exit 4'])).rejects.toThrow('failed');
  });

  it('runs others as ever', async () => {
    expect(await runCommandWithSpare('nft', [])('cat', [], 'fed')).toBe('fed');
  });
});
