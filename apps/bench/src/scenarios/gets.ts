import { noScheduler, podTemplate } from '../load/pod-template';
import { runH2load } from '../load/h2load';
import { findTool, type ToolResult } from '../load/load-tool';
import { runWrk } from '../load/wrk';
import type { BareServer } from '../reference/bare-server';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';
import { withBareServer } from './against-bare-server';
import { byTool, toolToken } from './by-tool';
import { requestFigure } from './request-figure';
import type { BenchContext, Scenario } from './scenario';

const namespace = 'bench-gets';
const path = `/api/v1/namespaces/${namespace}/pods/one`;
const bareServers = { wrk: 'bare node:https', h2load: 'bare node:http2' } as const;

/** How many reads of one object a second; beside it, a bare server with an answer of the same size. */
export const gets: Scenario = {
  name: 'gets',
  what: 'gets of one pod',
  run: async (context) => {
    const { api, user, sizes: { gets: { clients, count, warmUp } } } = context;
    await api.namespace(namespace);
    await api.send('POST', `/api/v1/namespaces/${namespace}/pods`, podTemplate({ name: 'one', schedulerName: noScheduler }));
    const job = { target: user, connections: clients, expectStatus: 200, first: 0, warmUp, count, request: { method: 'GET', path } };
    const measured = await context.measure('gets', job);
    const objectBytes = Math.round(measured.result.bytes / count);
    return withBareServer(context, { objectBytes }, async (server, target) => {
      const bare = await context.measureReference({ ...job, target }, server.pid);
      const figure: Figure = {
        ...requestFigure('gets', `get one pod, ${clients} clients`, measured),
        reference: { what: bareServers.wrk, value: bare.result.requests / bare.result.seconds },
        upstream: upstreamFigures.gets,
      };
      return [figure, ...await byTools(context, server)];
    });
  },
};

/** By load generators, where they are installed: wrk speaks HTTP/1.1 as our own client does, h2load HTTP/2. */
async function byTools(context: BenchContext, bare: BareServer): Promise<Figure[]> {
  const { cluster, signal, sizes: { gets: { clients, toolSeconds: seconds } } } = context;
  const token = await toolToken(context, namespace, 'view');
  const tools = [
    { name: 'wrk', run: runWrk, barePort: bare.port } as const,
    { name: 'h2load', run: runH2load, barePort: bare.http2Port } as const,
  ];
  const figures: Figure[] = [];
  for (const { name, run, barePort } of tools) {
    const program = findTool(name);
    if (program === undefined) continue;
    const on = (port: number): Promise<ToolResult> => run(program, { url: `https://127.0.0.1:${port}${path}`, clients, seconds, token }, signal);
    const figure = await byTool(context, 'gets', `get one pod, ${clients} clients (${name}, with a token)`, () => on(cluster.port('apiserver')));
    await context.quiet();
    figures.push({ ...figure, reference: { what: bareServers[name], value: (await on(barePort)).perSecond }, upstream: upstreamFigures.gets });
  }
  return figures;
}
