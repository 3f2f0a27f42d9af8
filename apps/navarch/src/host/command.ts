import { spawnSync } from 'node:child_process';

/** Also where only root's PATH looks. */
export const programPath = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(readonly command: string, readonly output: string) {
    super(`${command}: ${output.trim()}`);
  }
}

/** Runs a program to its end and returns what it printed; throws CommandError with its output if it fails. */
export function run(program: string, args: readonly string[], options: { input?: string } = {}): string {
  const result = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: programPath }, maxBuffer: 1 << 26, ...options });
  if (result.error) throw new CommandError(`${program} ${args.join(' ')}`, result.error.message);
  if (result.status !== 0) throw new CommandError(`${program} ${args.join(' ')}`, result.stderr || result.stdout || `exit ${String(result.status)}`);
  return result.stdout;
}

/** True if the program ends with 0: for questions such as "does this interface exist". */
export function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', env: { ...process.env, PATH: programPath } }).status === 0;
}
