import { type Clock } from '@navarch/clock';
import { type RemoteCommandSession } from '@navarch/streaming';

import { resolveCommand } from '../shell/resolve-command';
import type { ProcessContext } from '../shell/simulated-process';
import { printTo, runProgram } from './run-exec';

const PROMPT = '/ # ';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = '\u007f';

/** Lines of a session's input: with a terminal the characters are echoed and edited, without one they are taken as they come. */
async function* readLines(session: RemoteCommandSession): AsyncGenerator<string, void, undefined> {
  const { tty } = session.streams;
  let line = '';
  for await (const chunk of session.stdin ?? []) {
    for (const char of (chunk as Buffer).toString()) {
      if (char === '\n' || (tty && char === '\r')) {
        if (tty) session.stdout?.write('\r\n');
        yield line;
        line = '';
      } else if (tty && char === CTRL_D && line === '') {
        return;
      } else if (tty && char === CTRL_C) {
        line = '';
        session.stdout?.write(`^C\r\n${PROMPT}`);
      } else if (tty && char === BACKSPACE) {
        if (line !== '') session.stdout?.write('\b \b');
        line = line.slice(0, -1);
      } else {
        line += char;
        if (tty) session.stdout?.write(char);
      }
    }
  }
  if (line !== '') yield line;
}

/** An interactive shell of built-in commands; ends with its input or by `exit`. */
export async function runShell(context: ProcessContext, session: RemoteCommandSession, clock: Clock): Promise<number> {
  const prompt = (): void => {
    if (session.streams.tty) session.stdout?.write(PROMPT);
  };
  let code = 0;
  prompt();
  for await (const line of readLines(session)) {
    if (line.trim() !== '') {
      const resolution = resolveCommand(['sh', '-c', line], context);
      if (resolution.kind === 'program') {
        const ended = new AbortController();
        const program = resolution.start(() => {
          ended.abort();
        });
        code = await runProgram(program, session, clock);
        if (ended.signal.aborted) return code;
      } else {
        printTo(session, 'stderr', `sh: ${line.trim().split(/\s/, 1)[0] ?? ''}: not found\n`);
        code = 127;
      }
    }
    prompt();
  }
  return code;
}
