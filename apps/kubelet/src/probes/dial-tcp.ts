import { connect } from 'node:net';
import { dialError } from './dial-error';
import { type ProbeOutcome } from './run-probe';

/** Opens a connection and closes it again. Never rejects. */
export function dialTcp(host: string, port: number, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (outcome: ProbeOutcome): void => {
      signal.removeEventListener('abort', onTimeout);
      socket.destroy();
      resolve(outcome);
    };
    const onTimeout = (): void => end({ result: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` });
    socket.once('connect', () => end({ result: 'success', output: '' }));
    socket.once('error', (error) => end({ result: 'failure', output: dialError(error, host, port) }));
    signal.addEventListener('abort', onTimeout, { once: true });
  });
}
