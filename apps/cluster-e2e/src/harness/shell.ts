import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Nothing but `env`: none of what this process was started with. */
  readonly bareEnv?: boolean;
  readonly input?: string;
  /** Instead of `input`: kept open until it ends. */
  readonly inputStream?: Readable;
  readonly timeoutMs?: number;
}

/** Runs a program to its end; never rejects for what the program says. What it says is plain, also where CI asks for colours. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.bareEnv === true ? { ...options.env } : { ...process.env, NO_COLOR: '1', ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 200_000);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? (signal === null ? -1 : 137), stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.on('error', () => undefined); // a program may end without reading its input
    if (options.inputStream === undefined) child.stdin.end(options.input ?? '');
    else options.inputStream.pipe(child.stdin);
  });
}

/** Runs a program that must succeed; answers what it printed. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}
