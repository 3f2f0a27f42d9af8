import type { Duplex } from 'node:stream';

import { badRequest } from '@navarch/apimachinery';
import { type nodev1 } from '@navarch/proto';

import { Rendezvous } from '../streams/rendezvous';
import { writeAndDrain } from '../streams/write-and-drain';
import { orTold, toldError } from './told-error';

/**
 * Serves NodeService.PortForward: opens the connection that the first message asks for and carries both directions as
 * fast as their readers take them. What `open` throws is the call's status; the call's signal closes the connection.
 * @throws ApiError
 */
export async function* servePortForward(
  requests: AsyncIterable<nodev1.PortForwardRequest>,
  open: (start: nodev1.PortForwardStart) => Promise<Duplex>,
  signal: AbortSignal,
): AsyncGenerator<nodev1.PortForwardResponse, void, undefined> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  const start = first.done ? undefined : first.value.input;
  if (start?.$case !== 'start') throw badRequest('the first message must be start');
  const target = await orTold(open(start.value));
  const outgoing = new Rendezvous<nodev1.PortForwardResponse>();
  carryOut(target, outgoing);
  const giveUp = (): void => {
    target.destroy();
    outgoing.end();
  };
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  carryIn(incoming, target).catch(giveUp);
  try {
    yield { output: { $case: 'connected', value: true } };
    yield* outgoing;
  } finally {
    signal.removeEventListener('abort', giveUp);
    target.destroy();
  }
}

/** The call ends when the pod has closed its side and the client's bytes have gone, or when either is gone. */
function carryOut(target: Duplex, outgoing: Rendezvous<nodev1.PortForwardResponse>): void {
  target.on('data', (value: Buffer) => {
    target.pause();
    void outgoing.put({ output: { $case: 'data', value } }).then(() => {
      target.resume();
    });
  });
  target.once('end', () => {
    void outgoing.put({ output: { $case: 'closed', value: true } });
  });
  target.once('error', (error) => {
    outgoing.fail(toldError(error));
  });
  target.once('close', () => {
    outgoing.end();
  });
}

async function carryIn(incoming: AsyncIterator<nodev1.PortForwardRequest>, target: Duplex): Promise<void> {
  for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
    const { input } = next.value;
    if (input?.$case === 'data') await writeAndDrain(target, input.value);
    else if (input?.$case === 'closed') target.end();
  }
  // No more messages: the client's side is closed, said or not.
  target.end();
}
