import type { Clock } from '@navarch/clock';
import type { nodev1 } from '@navarch/proto';
import { toApiError } from '@navarch/rpc';
import { acceptReader } from '@navarch/streaming';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { ObjectReader } from '../pipeline';
import type { ConnectHandler, ConnectRequest } from '../registry/connect';
import { orRefused, upgradeOf } from './command-handler';
import type { KubeletClient } from './kubelet-client';
import { logOptions } from './log-options';
import type { NodeConnections } from './node-connections';
import { containerKey, containerOf, findPod } from './pod-target';

/** A log that is followed and silent is answered after this long, so that the client knows it is connected. */
const HEAD_AFTER_MS = 300;

const NOTHING: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) };

/** Writes what comes; an error before the first byte is the answer. */
async function relay(chunks: AsyncIterable<Buffer>, connection: ConnectRequest): Promise<void> {
  const { response, signal } = connection;
  if (!response) {
    await relayMessages(chunks, connection);
    return;
  }
  const sink = response as unknown as Writable & { headersSent: boolean; writeHead(code: number, headers: object): void; flushHeaders?(): void };
  const head = (): void => {
    if (sink.headersSent || sink.destroyed) return;
    sink.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
    sink.flushHeaders?.();
  };
  const timer = setTimeout(head, HEAD_AFTER_MS);
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      head();
      if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), once(sink, 'close')]);
    }
    head();
    sink.end();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The same for a client that reads it as messages of a WebSocket. */
async function relayMessages(chunks: AsyncIterable<Buffer>, connection: ConnectRequest): Promise<void> {
  await orRefused(connection, async () => {
    const { socket, head } = upgradeOf(connection);
    const sink = await acceptReader(connection.request as IncomingMessage, socket, head);
    for await (const chunk of chunks) {
      if (connection.signal.aborted || sink.destroyed) return;
      if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), once(sink, 'close')]);
    }
    sink.end();
    if (!sink.destroyed) await once(sink, 'close');
  });
}

async function* dataOf(responses: AsyncIterable<nodev1.LogsResponse>): AsyncGenerator<Buffer> {
  try {
    for await (const { data } of responses) yield data;
  } catch (error) {
    throw toApiError(error);
  }
}

export interface LogDeps {
  readonly reader: ObjectReader;
  readonly nodes: NodeConnections;
  readonly kubelets: KubeletClient;
  readonly clock: Clock;
}

/** GET pods/<name>/log. */
export function logHandler(deps: LogDeps): ConnectHandler {
  return async (connection) => {
    const { namespace, name, query, signal } = connection;
    const options = logOptions(query, deps.clock.now());
    const target = await findPod(deps.reader, namespace, name);
    const container = containerOf(target, query.get('container') ?? '');
    const service = target.node === '' ? undefined : deps.nodes.service(target.node);
    // A pod without a node has said nothing yet.
    if (target.node === '') await relay(NOTHING, connection);
    else if (service) await relay(dataOf(service.logs({ ...options, container: containerKey(target, container) }, { signal })), connection);
    else await deps.kubelets.logs(target, container, connection);
  };
}
