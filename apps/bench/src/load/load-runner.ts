import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { FromLoad, LoadJob, LoadResult, ToLoad } from './load-job';

/** What is read at both ends of a measurement, such as the servers' processor time. */
export interface Around<B, A> {
  readonly before: () => B | Promise<B>;
  readonly after: (before: B, result: LoadResult) => A | Promise<A>;
}

/** Runs a job that only prepares: nothing is read around it. */
export async function fillLoad(job: LoadJob, signal: AbortSignal): Promise<LoadResult> {
  const nothing = (): void => undefined;
  return (await runLoad(job, { before: nothing, after: nothing }, signal)).result;
}

/** Runs one job in a load process of its own; `around` brackets exactly what the job counts. */
export async function runLoad<B, A>(job: LoadJob, around: Around<B, A>, signal: AbortSignal): Promise<{ result: LoadResult; around: A }> {
  const child = fork(join(__dirname, 'load-process.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], signal });
  try {
    const answers = listen(child);
    tell(child, { kind: 'job', job });
    expectKind(await answers.next(), 'ready');
    const before = await around.before();
    tell(child, { kind: 'go' });
    const { result } = expectKind(await answers.next(), 'done');
    return { result, around: await around.after(before, result) };
  } finally {
    child.kill('SIGKILL');
  }
}

function tell(child: ChildProcess, message: ToLoad): void {
  child.send(message);
}

function expectKind<K extends FromLoad['kind']>(message: FromLoad, kind: K): Extract<FromLoad, { kind: K }> {
  if (message.kind === 'failed') throw new Error(`load failed: ${message.message}`);
  if (message.kind !== kind) throw new Error(`the load process said ${message.kind}, not ${kind}`);
  return message as Extract<FromLoad, { kind: K }>;
}

/** The child's messages one after another; its end is a failure. */
function listen(child: ChildProcess): { next(): Promise<FromLoad> } {
  const arrived: FromLoad[] = [];
  let ended: Error | undefined;
  let wake: (() => void) | undefined;
  child.on('message', (message) => {
    arrived.push(message as FromLoad);
    wake?.();
  });
  const end = (error: Error): void => {
    ended ??= error;
    wake?.();
  };
  child.once('error', end);
  child.once('exit', (code, signal) => end(new Error(`the load process ended with ${String(code ?? signal)}`)));
  return {
    next: async () => {
      for (;;) {
        const message = arrived.shift();
        if (message !== undefined) return message;
        if (ended !== undefined) throw ended;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
