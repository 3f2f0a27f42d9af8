import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cluster';

/** The commands of the shell block under a heading of the README, or of another page, without comments; one may go on over several lines. */
export function readmeCommands(heading: string, page = 'README.md'): string[] {
  const [, section = ''] = readFileSync(join(root, page), 'utf8').split(`\n## ${heading}\n`);
  const [, block] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  if (block === undefined) throw new Error(`${page} has no commands under "${heading}"`);
  return block.replace(/ \\\n\s*/g, ' ').split('\n').map((line) => line.replace(/(^|\s)#.*/, '').trim()).filter((line) => line !== '');
}

/** Types a line into a shell and reads until what is awaited appears; what runs until it is interrupted is ended then. Rejects with all that was printed. */
export function typeUntil(line: string, awaited: RegExp, env: Readonly<Record<string, string>>, timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], { cwd: root, detached: true, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let timedOut = false;
    const end = (): void => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (awaited.test(printed)) end();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (awaited.test(printed)) resolve(printed);
      else reject(new Error(`${line}\n${timedOut ? `did not print ${String(awaited)}` : `ended with ${String(code)} without ${String(awaited)}`}:\n${printed}`));
    });
  });
}
