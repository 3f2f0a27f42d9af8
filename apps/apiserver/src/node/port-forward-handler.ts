import { toApiError } from '@navarch/rpc';
import { forwardPorts, negotiatePortForward, openPort, type PortDialer } from '@navarch/streaming';
import type { IncomingMessage } from 'node:http';
import type { ConnectHandler } from '../registry/connect';
import { type CommandDeps, orRefused, upgradeOf } from './command-handler';
import { findPlacedPod } from './pod-target';

/** A session without a connection is between the client and this server only: it ends after the kubelets' default for a connection that carries nothing. */
const idleMs = 4 * 3_600_000;

/** pods/<name>/portforward, by SPDY, alone or inside a WebSocket. */
export function portForwardHandler(deps: CommandDeps): ConnectHandler {
  return (connection) => orRefused(connection, async () => {
    const { namespace, name, query } = connection;
    const { socket, head } = upgradeOf(connection);
    const target = await findPlacedPod(deps.reader, namespace, name);
    const service = deps.nodes.service(target.node);
    const { uid: podUid = '' } = target.pod.metadata;
    const dial: PortDialer = async (port, signal) => {
      if (!service) return deps.kubelets.port(target, port, signal);
      try {
        return await openPort(service.portForward, { namespace, pod: name, podUid, port }, signal);
      } catch (error) {
        throw toApiError(error);
      }
    };
    const session = await negotiatePortForward(connection.request as IncomingMessage, socket, head, query).accept();
    const stop = (): void => session.close();
    connection.signal.addEventListener('abort', stop, { once: true });
    try {
      // A runtime's own words already say so.
      const describe = (port: number, { message }: Error): string =>
        message.startsWith('error forwarding port') ? message : `error forwarding port ${port} to pod ${name}, uid ${podUid}: ${message}`;
      await forwardPorts(session, dial, describe, idleMs);
    } finally {
      connection.signal.removeEventListener('abort', stop);
    }
  });
}
