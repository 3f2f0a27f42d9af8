import type { Readable, Writable } from 'node:stream';

import type { CommandExit, RemoteCommand, RemoteCommandSession } from './types';

/** Passes on as fast as the receiver takes it; the end is passed on when `end` is set. Neither side's failure is thrown. */
function pump(from: Readable | undefined, to: Writable | undefined, end: boolean): void {
  if (!from) return;
  // What nobody wants must still be read, or the command would hang on a full pipe.
  if (!to) {
    from.resume();
    return;
  }
  to.on('error', () => {
    from.unpipe(to);
    from.resume();
  });
  from.on('error', () => {
    if (end) to.end();
  });
  from.pipe(to, { end });
}

/** Joins who asks for a command with where it runs, until it ends or either is gone. */
export async function bridgeRemoteCommand(session: RemoteCommandSession, command: RemoteCommand): Promise<CommandExit> {
  const onGone = (): void => {
    command.abort();
  };
  if (session.signal.aborted) onGone();
  session.signal.addEventListener('abort', onGone, { once: true });
  pump(session.stdin, command.stdin, true);
  pump(command.stdout, session.stdout, false);
  pump(command.stderr, session.stderr, false);
  session.onResize((size) => {
    command.resize(size);
  });
  const result = await command.exited;
  await session.exit(result);
  session.signal.removeEventListener('abort', onGone);
  return result;
}
