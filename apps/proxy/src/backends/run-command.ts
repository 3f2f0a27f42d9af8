import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program of the system and answers what it wrote; rejects with its complaint when it fails. */
export type RunCommand = (command: string, args: readonly string[], input?: string) => Promise<string>;

/** A program ended with another exit code than 0; null when a signal ended it. */
export class CommandFailure extends Error {
  constructor(message: string, readonly exitCode: number | null) {
    super(message);
  }
}

const shownBytes = 2_000;

/** Programs of this network namespace; nft, iptables and ipvsadm live where only root's PATH looks. */
export const runCommand: RunCommand = async (command, args, input) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new Error(`${command} could not be started`, { cause: error });
  }
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new CommandFailure(`${command} ${args.join(' ')} failed: ${Buffer.concat(errors).toString().slice(0, shownBytes)}`, code));
    });
    // A refused script closes the pipe early; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
};
