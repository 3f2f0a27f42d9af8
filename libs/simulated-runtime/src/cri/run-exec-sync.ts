import { status } from '@grpc/grpc-js';
import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';

import { CriError, unknown } from '../cri-error';
import { ProgramRunner } from '../runtime/program-runner';
import { resolveCommand } from '../shell/resolve-command';
import type { ProcessContext } from '../shell/simulated-process';

/** More output than this is cut, as containerd does. */
const MAX_OUTPUT_BYTES = 16 << 20;

/** containerd's words for a command that does not exist. */
export function commandNotFound(command: string): CriError {
  return unknown(
    `failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: ${JSON.stringify(command)}: executable file not found in $PATH: unknown`,
  );
}

/** Runs a command to its end and gathers its output. A timeout of 0 is none. */
export async function runExecSync(
  argv: readonly string[],
  context: ProcessContext,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<runtimev1.ExecSyncResponse> {
  const resolution = resolveCommand(argv, context);
  if (resolution.kind === 'unknown') throw commandNotFound(argv[0] ?? '');
  // Without input, a shell and cat end at once.
  if (resolution.kind !== 'program') return { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0 };
  const output = { stdout: '', stderr: '' };
  const finished = new AbortController();
  let exitCode = 0;
  const runner = new ProgramRunner(
    resolution.start(),
    {
      print: (stream, text) => {
        if (output[stream].length < MAX_OUTPUT_BYTES) output[stream] += text;
      },
      exited: (code) => {
        exitCode = code;
        finished.abort();
      },
    },
    clock,
  );
  runner.start();
  if (!finished.signal.aborted) {
    const over = AbortSignal.any([finished.signal, signal]);
    const timedOut = await clock.sleep(timeoutMs > 0 ? timeoutMs : Number.MAX_SAFE_INTEGER, over).then(
      () => true,
      () => false,
    );
    runner.stop();
    if (timedOut) throw new CriError(status.DEADLINE_EXCEEDED, `failed to exec in container: timeout ${timeoutMs / 1000}s exceeded: context deadline exceeded`);
    signal.throwIfAborted();
  }
  return { stdout: Buffer.from(output.stdout), stderr: Buffer.from(output.stderr), exitCode };
}
