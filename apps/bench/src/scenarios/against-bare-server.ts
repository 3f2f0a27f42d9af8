import type { LoadJob } from '../load/load-job';
import { readPair } from '../cluster/bench-cluster';
import { BareServer } from '../reference/bare-server';
import type { ReferenceJob } from '../reference/reference-job';
import type { BenchContext } from './scenario';

/** Starts a bare server that answers with as many bytes as the apiserver did, and ends it after `use`. */
export async function withBareServer<T>(
  context: BenchContext,
  bytes: Partial<Pick<ReferenceJob, 'objectBytes' | 'listBytes' | 'eventBytes'>>,
  use: (server: BareServer, target: LoadJob['target']) => Promise<T>,
): Promise<T> {
  const { ca, cert, key } = readPair(context.cluster.pki.apiserver);
  const server = await BareServer.start({ cert, key, objectBytes: 0, listBytes: 0, eventBytes: 0, ...bytes });
  try {
    return await use(server, { host: '127.0.0.1', port: server.port, ca });
  } finally {
    server.stop();
  }
}
