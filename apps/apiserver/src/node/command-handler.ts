import { ApiError, badRequest } from '@navarch/apimachinery';
import { toApiError } from '@navarch/rpc';
import { bridgeRemoteCommand, negotiateRemoteCommand, openCommand, refuseUpgrade, type RemoteCommand, type RemoteCommandStreams, remoteCommandStreams, UpgradeRefused } from '@navarch/streaming';
import type { IncomingMessage } from 'node:http';
import type { ObjectReader } from '../pipeline';
import type { ConnectHandler, ConnectRequest } from '../registry/connect';
import type { KubeletClient } from './kubelet-client';
import type { NodeConnections } from './node-connections';
import { containerKey, containerOf, findPlacedPod, type PodTarget } from './pod-target';

export interface CommandDeps {
  readonly reader: ObjectReader;
  readonly nodes: NodeConnections;
  readonly kubelets: KubeletClient;
}

/** The bare connection of a request that asks for another protocol. @throws badRequest */
export function upgradeOf({ upgrade }: ConnectRequest): NonNullable<ConnectRequest['upgrade']> {
  if (!upgrade) throw badRequest('Upgrade request required');
  return upgrade;
}

const isRefusal = (error: unknown): error is UpgradeRefused => error instanceof Error && error.name === UpgradeRefused.name;

/** Answers a refusal of the upgrade over HTTP; anything else is the caller's. */
export async function orRefused({ upgrade }: ConnectRequest, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { code, message, headers } = error;
    if (!upgrade) throw new ApiError({ code, reason: code === 400 ? 'BadRequest' : '', message });
    refuseUpgrade(upgrade.socket, code, message, headers);
  }
}

async function open(deps: CommandDeps, target: PodTarget, connection: ConnectRequest, streams: RemoteCommandStreams): Promise<RemoteCommand> {
  const { query, signal, subresource } = connection;
  const container = containerOf(target, query.get('container') ?? '');
  const service = deps.nodes.service(target.node);
  if (!service) return deps.kubelets.command(target, container, connection, streams);
  const start = { container: containerKey(target, container), ...streams };
  try {
    if (subresource === 'attach') return await openCommand(service.attach, start, signal);
    return await openCommand(service.exec, { ...start, command: query.getAll('command') }, signal);
  } catch (error) {
    throw toApiError(error);
  }
}

/** pods/<name>/exec and /attach, by WebSocket or SPDY. */
export function commandHandler(deps: CommandDeps): ConnectHandler {
  return (connection) => orRefused(connection, async () => {
    const { namespace, name, query, subresource } = connection;
    const streams = remoteCommandStreams(query);
    if (subresource === 'exec' && query.getAll('command').length === 0) throw badRequest('you must specify at least one command for the container');
    const { socket, head } = upgradeOf(connection);
    const target = await findPlacedPod(deps.reader, namespace, name);
    const pending = negotiateRemoteCommand(connection.request as IncomingMessage, socket, head, streams);
    // The command first: if it cannot be run, the answer is a Status.
    const command = await open(deps, target, connection, streams);
    try {
      await bridgeRemoteCommand(await pending.accept(), command);
    } catch (error) {
      command.abort();
      throw error;
    }
  });
}
