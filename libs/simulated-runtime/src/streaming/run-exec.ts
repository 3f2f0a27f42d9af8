import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';
import { type CommandExit, type RemoteCommandSession } from '@navarch/streaming';

import { CriError } from '../cri-error';
import { commandNotFound } from '../cri/run-exec-sync';
import { ProgramRunner } from '../runtime/program-runner';
import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { resolveCommand } from '../shell/resolve-command';
import type { ProcessContext, SimulatedProgram } from '../shell/simulated-process';
import { runShell } from './run-shell';

/** Prints as a terminal would when the session has one. */
export function printTo(session: RemoteCommandSession, stream: 'stdout' | 'stderr', text: string): void {
  const target = stream === 'stderr' && !session.streams.tty ? session.stderr : session.stdout;
  target?.write(session.streams.tty ? text.replaceAll('\n', '\r\n') : text);
}

/** Runs a program with its output going to the session; answers its exit code, or 137 when the client is gone. */
export function runProgram(program: SimulatedProgram, session: RemoteCommandSession, clock: Clock): Promise<number> {
  return new Promise((resolve) => {
    const runner = new ProgramRunner(
      program,
      {
        print: (stream, text) => {
          printTo(session, stream, text);
        },
        exited: resolve,
      },
      clock,
    );
    const onGone = (): void => {
      runner.stop();
      resolve(137);
    };
    session.signal.addEventListener('abort', onGone, { once: true });
    runner.start();
  });
}

async function run(argv: readonly string[], context: ProcessContext, session: RemoteCommandSession, clock: Clock): Promise<CommandExit> {
  const resolution = resolveCommand(argv, context);
  switch (resolution.kind) {
    case 'program':
      session.stdin?.resume();
      return { code: await runProgram(resolution.start(), session, clock) };
    case 'shell':
      return { code: await runShell(context, session, clock) };
    case 'cat':
      return { code: await copyInput(session) };
    case 'unknown':
      return { code: 1, error: `error executing command in container: ${commandNotFound(argv[0] ?? '').message}` };
  }
}

function copyInput(session: RemoteCommandSession): Promise<number> {
  const { stdin, stdout } = session;
  if (!stdin) return Promise.resolve(0);
  if (stdout) stdin.pipe(stdout, { end: false });
  else stdin.resume();
  return new Promise((resolve) => {
    stdin.once('end', () => {
      resolve(0);
    });
    session.signal.addEventListener('abort', () => {
      resolve(137);
    });
  });
}

/** Runs the command of an Exec request for its client. */
export async function runExec(runtime: SimulatedRuntime, request: runtimev1.ExecRequest, session: RemoteCommandSession, clock: Clock): Promise<void> {
  let context: ProcessContext;
  try {
    context = runtime.execContext(request.containerId);
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    await session.exit({ code: 1, error: `error executing command in container: ${error.message}` });
    return;
  }
  await session.exit(await run(request.cmd, context, session, clock));
}
