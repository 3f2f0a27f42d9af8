import { dumpPriorityLevels, dumpQueues, dumpRequests } from '../flow-control/flow-control-dump';
import type { FlowControl } from '../flow-control/flow-control';
import type { Exchange } from './exchange';
import type { PathRoutes } from './path-routes';
import { send } from './respond';

/** `/debug/api_priority_and_fairness/`: what runs and waits in levels and queues. Whoever asks takes part in it. */
export function registerFlowControlDumps(routes: PathRoutes, flowControl: FlowControl): void {
  const dump = (name: string, text: (exchange: Exchange) => string): void => {
    routes.unlisted(`/debug/api_priority_and_fairness/${name}`, (exchange) => send(exchange, 200, 'text/plain; charset=utf-8', text(exchange)));
  };
  dump('dump_priority_levels', () => dumpPriorityLevels(flowControl.dump()));
  dump('dump_queues', () => dumpQueues(flowControl.dump()));
  dump('dump_requests', ({ query }) => dumpRequests(flowControl.dump(), (query.get('includeRequestDetails') ?? '') !== ''));
}
