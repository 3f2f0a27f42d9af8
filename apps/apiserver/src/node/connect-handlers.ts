import { randomInt } from 'node:crypto';
import type { ConnectHandlers } from '../registry/connect';
import { commandHandler } from './command-handler';
import { type LogDeps, logHandler } from './log-handler';
import { portForwardHandler } from './port-forward-handler';
import { nodeProxyHandler, podProxyHandler, serviceProxyHandler } from './proxy-handlers';

/** Everything that ends at a node or a pod. */
export function connectHandlers(deps: LogDeps): ConnectHandlers {
  const command = commandHandler(deps);
  return {
    'pods/log': logHandler(deps),
    'pods/exec': command,
    'pods/attach': command,
    'pods/portforward': portForwardHandler(deps),
    'pods/proxy': podProxyHandler(deps.reader),
    'services/proxy': serviceProxyHandler(deps.reader, randomInt),
    'nodes/proxy': nodeProxyHandler(deps.nodes, deps.kubelets),
  };
}
