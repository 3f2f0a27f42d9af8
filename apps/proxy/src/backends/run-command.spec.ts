import { runCommand } from './run-command';

describe('runCommand', () => {
  it('answers what a program wrote, and tells what it was fed', async () => {
    expect(await runCommand('cat', [], 'fed')).toBe('fed');
  });

  it('rejects with what a program complains of', async () => {
    await expect(runCommand('sh', ['-c', 'echo no >&2; exit 3'])).rejects.toThrow('sh -c echo no >&2; exit 3 failed: no');
    await expect(runCommand('sh', ['-c', 'exit 3'])).rejects.toMatchObject({ exitCode: 3 });
    await expect(runCommand('no-such-program', [])).rejects.toThrow('no-such-program could not be started');
  });
});
