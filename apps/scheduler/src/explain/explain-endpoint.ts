import type { IncomingMessage, ServerResponse } from 'node:http';
import { explain, type DecisionLog } from './decision-log';

const listed = 100;

/**
 * `/debug/scheduling`: what was decided lately. `?pod=namespace/name` or `?uid=` shows one decision with every node that was looked
 * at: the plug-in that refused it and why, or its scores. Nodes that are missing were not looked at: enough others were found.
 */
export function explainEndpoint(decisions: () => DecisionLog | undefined) {
  return (_request: IncomingMessage, response: ServerResponse, url: URL): void => {
    const log = decisions();
    const pod = url.searchParams.get('pod');
    const uid = url.searchParams.get('uid');
    if (log === undefined) send(response, 503, { error: 'this scheduler does not lead: ask the one that holds the lease' });
    else if (pod === null && uid === null) send(response, 200, { decisions: summaries(log) });
    else if (pod !== null && !/^[^/]+\/[^/]+$/.test(pod)) send(response, 400, { error: 'pod must be namespace/name' });
    else {
      const [namespace = '', name = ''] = (pod ?? '').split('/');
      const found = log.find(uid === null ? { namespace, name } : { uid });
      if (found === undefined) send(response, 404, { error: 'no decision about this pod is remembered' });
      else send(response, 200, explain(found));
    }
  };
}

function summaries(log: DecisionLog): object[] {
  const found: object[] = [];
  for (const { pod, at, profile, attempt, placement, message } of log.recent()) {
    found.push({ pod: `${pod.namespace}/${pod.name}`, uid: pod.uid, time: new Date(at).toISOString(), profile, attempt, ...(placement.kind === 'placed' ? { node: placement.node } : { message }) });
    if (found.length === listed) break;
  }
  return found;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.end(`${JSON.stringify(body, null, 2)}\n`);
}
