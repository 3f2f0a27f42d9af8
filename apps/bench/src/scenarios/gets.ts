import { noScheduler, podTemplate } from '../load/pod-template';
import { findWrk, runWrk, type WrkResult } from '../load/wrk';
import type { Figure } from '../report/figure';
import { upstreamFigures } from '../report/upstream-figures';
import { machineUsage, othersShare } from '../cluster/machine-usage';
import { withBareServer } from './against-bare-server';
import { requestFigure } from './request-figure';
import type { BenchContext, Scenario } from './scenario';

const namespace = 'bench-gets';
const path = `/api/v1/namespaces/${namespace}/pods/one`;

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
        reference: { what: 'bare node:https', value: bare.result.requests / bare.result.seconds },
        upstream: upstreamFigures.gets,
      };
      return [figure, ...await byWrk(context, `https://127.0.0.1:${server.port}${path}`)];
    });
  },
};

/** wrk costs a fraction of our own client, which leaves the processors to the server. It has no client certificates: it brings a token. */
async function byWrk(context: BenchContext, bareUrl: string): Promise<Figure[]> {
  const wrk = findWrk();
  if (wrk === undefined) return [];
  const { api, cluster, sizes: { gets: { clients, wrkSeconds } } } = context;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.send('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bench' } });
  await api.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'bench-wrk' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'bench', namespace }],
  });
  const { status } = (await api.send('POST', `${accounts}/bench/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } })) as { status: { token: string } };
  const run = (url: string): Promise<WrkResult> => runWrk(wrk, { url, connections: clients, seconds: wrkSeconds, token: status.token }, context.signal);
  await context.quiet();
  const [machine, before] = [machineUsage(), cluster.cpu()];
  const { perSecond, p50Ms, p99Ms, clientCpuSeconds, requests } = await run(`https://127.0.0.1:${cluster.port('apiserver')}${path}`);
  const servers = Object.entries(cluster.cpu()).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  const others = othersShare(machine, machineUsage(), servers.reduce((sum, [, value]) => sum + value, clientCpuSeconds));
  await context.quiet();
  const bare = await run(bareUrl);
  return [{
    scenario: 'gets', what: `get one pod, ${clients} clients (wrk, with a token)`, value: perSecond, unit: '/s',
    reference: { what: 'bare node:https', value: bare.perSecond }, upstream: upstreamFigures.gets,
    othersShare: others, cpuSeconds: { client: clientCpuSeconds, ...Object.fromEntries(servers) }, detail: { requests, p50Ms, p99Ms },
  }];
}
