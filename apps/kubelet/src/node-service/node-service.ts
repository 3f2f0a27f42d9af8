import { forbidden } from '@navarch/apimachinery';
import { type nodev1 } from '@navarch/proto';
import { type CallContext, type ServiceHandlers } from '@navarch/rpc';
import { readLogs, type ReadLogsOptions } from '../logs/read-logs';
import { type PodTable } from '../pods/pod-table';
import { isTerminalPhase } from '../pods/pod-spec';
import { findLoggedContainer } from './find-container';
import { type StatsReader } from './stats-summary';
import { type NodeStreaming } from './streaming';

export interface NodeServiceDeps {
  readonly table: PodTable;
  readonly stats: StatsReader;
  readonly streaming: NodeStreaming;
  /** Throws unless the caller may use this service. */
  readonly authorize: (context: CallContext) => void;
}

/** Who may ask: the apiserver, which has checked on whose behalf, and administrators. */
const allowedGroup = 'system:masters';

/** What the apiserver asks of this node for its clients: logs, commands, ports, usage. */
export class NodeService implements ServiceHandlers<typeof nodev1.NodeServiceService> {
  constructor(private readonly deps: NodeServiceDeps) {}

  async *logs(request: nodev1.LogsRequest, context: CallContext): AsyncGenerator<nodev1.LogsResponse> {
    this.deps.authorize(context);
    const { worker, container } = findLoggedContainer(this.deps.table, request.container, request.previous);
    const ended = (): boolean => {
      const now = worker.view.containers.find(({ id }) => id === container.id);
      return now?.state !== 'running' || worker.stopped || isTerminalPhase(worker.status.phase);
    };
    for await (const data of readLogs(container.logPath, logOptions(request), ended, context.signal)) yield { data };
  }

  exec(requests: AsyncIterable<nodev1.ExecRequest>, context: CallContext): AsyncIterable<nodev1.ExecResponse> {
    this.deps.authorize(context);
    return this.deps.streaming.exec(requests, context);
  }

  attach(requests: AsyncIterable<nodev1.AttachRequest>, context: CallContext): AsyncIterable<nodev1.AttachResponse> {
    this.deps.authorize(context);
    return this.deps.streaming.attach(requests, context);
  }

  portForward(requests: AsyncIterable<nodev1.PortForwardRequest>, context: CallContext): AsyncIterable<nodev1.PortForwardResponse> {
    this.deps.authorize(context);
    return this.deps.streaming.portForward(requests, context);
  }

  async stats(_request: nodev1.StatsRequest, context: CallContext): Promise<nodev1.StatsResponse> {
    this.deps.authorize(context);
    return { summary: Buffer.from(JSON.stringify(await this.deps.stats.read())) };
  }
}

/** Lets in who shows a certificate of the allowed group: other nodes have certificates of the same authority. */
export function onlyApiserver({ peer }: CallContext): void {
  if (peer?.groups.includes(allowedGroup) === true) return;
  throw forbidden({ group: '', resource: 'nodes' }, '', 'only the apiserver may use the node service');
}

function logOptions({ follow, timestamps, tailLines, limitBytes, sinceUnixNs, stream }: nodev1.LogsRequest): ReadLogsOptions {
  return {
    follow, timestamps,
    ...(tailLines === undefined ? {} : { tailLines: Number(tailLines) }),
    ...(limitBytes === undefined ? {} : { limitBytes: Number(limitBytes) }),
    ...(sinceUnixNs === undefined ? {} : { sinceNs: sinceUnixNs }),
    ...(stream === 'Stdout' ? { stream: 'stdout' as const } : stream === 'Stderr' ? { stream: 'stderr' as const } : {}),
  };
}
