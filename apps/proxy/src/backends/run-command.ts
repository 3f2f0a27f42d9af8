import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';

/** Runs a program of the system and answers what it wrote; rejects with its complaint when it fails. */
export type RunCommand = (command: string, args: readonly string[], input?: string) => Promise<string>;

const shownBytes = 2_000;

/** Programs of this network namespace; nft, iptables and ipvsadm live where only root's PATH looks. */
export const runCommand: RunCommand = async (command, args, input) => finish(await begin(command, args), input);

/** A program that runs, and has not been told anything yet. */
interface Begun {
  readonly child: ChildProcessWithoutNullStreams;
  readonly title: string;
}

async function begin(command: string, args: readonly string[]): Promise<Begun> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new Error(`${command} could not be started`, { cause: error });
  }
  return { child, title: `${command} ${args.join(' ')}` };
}

function finish({ child, title }: Begun, input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(`${title} failed: ${Buffer.concat(errors).toString().slice(0, shownBytes)}`));
    });
    // A refused script closes the pipe early; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Whether this process goes on for its sake. */
function hold({ child }: Begun, held: boolean): void {
  const how = held ? 'ref' : 'unref';
  child[how]();
  for (const stream of [child.stdin, child.stdout, child.stderr]) if (stream instanceof Socket) stream[how]();
}

/**
 * As `runCommand`, but one program that takes all it is told from its input is begun before there is anything to tell it: starting
 * nft takes longer than a change. A spare one ends when this process does, as its input does then.
 */
export function runCommandWithSpare(spareCommand: string, spareArgs: readonly string[]): RunCommand {
  let spare: Begun | undefined;
  const keepOne = async (): Promise<void> => {
    const begun = await begin(spareCommand, spareArgs);
    hold(begun, false);
    spare = begun;
  };
  const take = (): Begun | undefined => {
    const taken = spare;
    spare = undefined;
    // Somebody may have ended it.
    if (taken === undefined || taken.child.exitCode !== null || taken.child.signalCode !== null) return undefined;
    hold(taken, true);
    return taken;
  };
  return async (command, args, input) => {
    if (command !== spareCommand || args.join('\0') !== spareArgs.join('\0')) return runCommand(command, args, input);
    try {
      return await finish(take() ?? await begin(command, args), input);
    } finally {
      // Whoever changes something now and cannot begin a program hears of it then.
      if (spare === undefined) keepOne().catch(() => undefined);
    }
  };
}
