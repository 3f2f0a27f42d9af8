import type { Readable } from 'node:stream';

import { badRequest } from '@navarch/apimachinery';

import type { CommandExit, RemoteCommand } from '../remote-command/types';
import { Rendezvous } from '../streams/rendezvous';
import { writeAndDrain } from '../streams/write-and-drain';
import type { CommandInput, CommandOutput } from './command-messages';
import { orTold } from './told-error';

/**
 * Serves NodeService.Exec or Attach: opens the command that the first message asks for, then carries both directions
 * as fast as their readers take them. What `open` throws is the call's status; the call's signal gives the command up.
 * @throws ApiError
 */
export async function* serveCommand<S>(
  requests: AsyncIterable<CommandInput<S>>,
  open: (start: S) => Promise<RemoteCommand>,
  signal: AbortSignal,
): AsyncGenerator<CommandOutput, void, undefined> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  const start = first.done ? undefined : first.value.input;
  if (start?.$case !== 'start') throw badRequest('the first message must be start');
  const command = await orTold(open(start.value));
  const outgoing = new Rendezvous<CommandOutput>();
  const ended = carryOutput(command, outgoing);
  const giveUp = (): void => {
    command.abort();
    outgoing.end();
  };
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  carryInput(incoming, command).catch(giveUp);
  try {
    yield { output: { $case: 'started', value: true } };
    yield* outgoing;
    const { code, error = '' } = await ended;
    yield { output: { $case: 'exit', value: { code, error } } };
  } finally {
    signal.removeEventListener('abort', giveUp);
    command.abort();
  }
}

async function carryOutput(command: RemoteCommand, outgoing: Rendezvous<CommandOutput>): Promise<CommandExit> {
  const [exit] = await Promise.all([command.exited, carryStream('stdout', command.stdout, outgoing), carryStream('stderr', command.stderr, outgoing)]);
  outgoing.end();
  return exit;
}

function carryStream(name: 'stdout' | 'stderr', stream: Readable | undefined, outgoing: Rendezvous<CommandOutput>): Promise<void> {
  if (!stream) return Promise.resolve();
  return new Promise((resolve) => {
    stream.on('data', (value: Buffer) => {
      stream.pause();
      void outgoing.put({ output: { $case: name, value } }).then(() => {
        stream.resume();
      });
    });
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}

async function carryInput<S>(incoming: AsyncIterator<CommandInput<S>>, command: RemoteCommand): Promise<void> {
  for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
    const { input } = next.value;
    switch (input?.$case) {
      case 'stdin':
        if (command.stdin) await writeAndDrain(command.stdin, input.value);
        break;
      case 'stdinClosed':
        command.stdin?.end();
        break;
      case 'resize':
        command.resize(input.value);
        break;
      case 'start':
      case undefined:
        break;
    }
  }
}
