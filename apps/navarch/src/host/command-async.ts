import { spawn } from 'node:child_process';
import { CommandError, programPath } from './command';

/** As `run`, without keeping this process from anything else. */
export function runAsync(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: programPath } });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const failed = (output: string): void => reject(new CommandError(`${program} ${args.join(' ')}`, output));
    child.once('error', (error) => failed(error.message));
    child.once('close', (code) => (code === 0 ? resolve(Buffer.concat(stdout).toString()) : failed(Buffer.concat(stderr).toString() || Buffer.concat(stdout).toString() || `exit ${String(code)}`)));
  });
}
