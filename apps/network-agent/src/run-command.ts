import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/** Runs a program of the system in this network namespace, with what it is to read, and answers what it wrote; rejects with its complaint. */
export type RunCommand = (command: string, args: readonly string[], input?: string) => Promise<string>;

export const runCommand: RunCommand = async (command, args, input) => {
  const running = execute(command, args, { env });
  // A program that ends before it has read all of it tells by its exit code.
  running.child.stdin?.on('error', () => undefined).end(input);
  return (await running).stdout;
};

/** Carries a script out as one transaction: all of it, or nothing. */
export function runNft(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'], env });
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', (error) => reject(new Error('nft could not be started', { cause: error })));
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`nft refused the rules: ${Buffer.concat(errors).toString().slice(0, 2_000)}`))));
    // A refused script closes the pipe early; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(script);
  });
}
