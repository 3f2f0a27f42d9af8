import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, makeTempDir } from '@navarch/testing';
import { runCommand, type RunCommand } from '../run-command';
import { withNftSession } from './nft-session';

/** Writes down its process and what it is told, complains of what is bad, ends when told to, and answers the question as nft does. */
const double = (told: string): readonly [string, ...string[]] => ['sh', '-c', `
  while read -r line; do
    case $line in
      describe*) echo "ct expression, datatype mark (packet mark), 32 bits" ;;
      '') ;;
      *bad*) echo "Error: syntax error" ;;
      *end*) exit 3 ;;
      *wait*) read -r line ;;
      *) echo "$$ $line" >> ${told} ;;
    esac
  done`];

const warnings: string[] = [];
const log = { warn: ((_fields: object, message: string) => warnings.push(message)) as never };
const alone: RunCommand = (_command, _args, input) => Promise.resolve(`alone: ${input ?? ''}`);
const script = ['-f', '-'];

describe('a session of nft', () => {
  beforeEach(() => warnings.splice(0));

  async function withSession(test: (run: RunCommand, lines: () => Promise<string[]>) => Promise<void>): Promise<void> {
    await using directory = await makeTempDir();
    const told = join(directory.path, 'told');
    await writeFile(told, '');
    const { run, end } = withNftSession(alone, log, { program: double(told), patience: 1_000 });
    try {
      await test(run, async () => (await readFile(told, 'utf8')).trim().split('\n').filter((line) => line !== ''));
    } finally {
      end();
    }
  }
  const pidOf = (line = ''): string => line.split(' ')[0] ?? '';
  const textOf = (line: string): string => line.slice(line.indexOf(' ') + 1);

  it('tells all scripts to one process, in turn, each as one line', () => withSession(async (run, lines) => {
    await Promise.all(['delete one\nadd one\n', 'add two', 'add three'].map((text) => run('nft', script, text)));
    expect((await lines()).map(textOf)).toEqual(['delete one; add one', 'add two', 'add three']);
    expect(new Set((await lines()).map(pidOf)).size).toBe(1);
  }));

  it('rejects with what nft complains of, and goes on', () => withSession(async (run, lines) => {
    await expect(run('nft', script, 'bad')).rejects.toThrow('nft refused: Error: syntax error');
    await run('nft', script, 'add one');
    expect(await lines()).toHaveLength(1);
  }));

  it('rejects when nft ends in the middle, and begins another one', () => withSession(async (run, lines) => {
    await run('nft', script, 'add one');
    await expect(run('nft', script, 'end')).rejects.toThrow('nft ended with 3');
    await run('nft', script, 'add two');
    const [one, two] = await lines();
    expect(pidOf(two)).not.toBe(pidOf(one));
  }));

  it('does not mind when somebody ends it between two scripts', () => withSession(async (run, lines) => {
    await run('nft', script, 'add one');
    const pid = Number(pidOf((await lines())[0]));
    process.kill(pid, 'SIGKILL');
    // Whoever is told in the moment between hears of it, and the proxy says all again.
    await eventually(() => run('nft', script, 'add two').then(() => true));
    expect(pidOf((await lines()).at(-1))).not.toBe(String(pid));
  }));

  it('leaves other programs, long scripts and those with blocks to a process of their own', () => withSession(async (run, lines) => {
    expect(await run('nft', ['list', 'tables'])).toBe('alone: ');
    expect(await run('nft', script, 'table ip x {\n}\n')).toContain('alone: table');
    expect(await run('nft', script, `add ${'x'.repeat(5_000)}`)).toContain('alone: add');
    expect(await lines()).toEqual([]);
  }));

  it('ends one that does not answer, and begins another one', () => withSession(async (run, lines) => {
    await expect(run('nft', script, 'wait')).rejects.toThrow('nft ended with SIGKILL');
    await run('nft', script, 'add one');
    expect(await lines()).toHaveLength(1);
  }));

  it.each([['has no interactive mode', 'echo "Error: no interactive mode"; exit 1'], ['keeps its answers back', 'cat > /dev/null']])('starts one for each script where nft %s, and says so once', async (_, program) => {
    const { run } = withNftSession(alone, log, { program: ['sh', '-c', program], patience: 1_000 });
    expect([await run('nft', script, 'add one'), await run('nft', script, 'add two')]).toEqual(['alone: add one', 'alone: add two']);
    expect(warnings).toEqual(['nft cannot be asked interactively: each change starts one, which takes longer']);
    expect(await withNftSession(runCommand, log).run('cat', [], 'fed')).toBe('fed');
  });
});
