import { noScheduler, numberedPod } from '../load/pod-template';
import { fillLoad } from '../load/load-runner';
import { upstreamFigures } from '../report/upstream-figures';
import { withBareServer } from './against-bare-server';
import type { Scenario } from './scenario';

const namespace = 'bench-lists';
const path = `/api/v1/namespaces/${namespace}/pods`;
const fillers = 16;

/** How long a consistent LIST of many pods takes; beside it, a bare server that sends as many bytes. */
export const lists: Scenario = {
  name: 'lists',
  what: 'consistent lists of many pods',
  run: async (context) => {
    const { api, user, signal, sizes: { lists: { clients, pods, count, warmUp } } } = context;
    await api.namespace(namespace);
    await fillLoad({
      target: user, connections: fillers, expectStatus: 201, first: 0, warmUp: 0, count: pods,
      request: { method: 'POST', path, headers: { 'Content-Type': 'application/json' }, body: numberedPod(noScheduler) },
    }, signal);
    const job = { target: user, connections: clients, expectStatus: 200, first: 0, warmUp, count, request: { method: 'GET', path } };
    const { result, cpuSeconds, othersShare } = await context.measure('lists', job);
    const listBytes = Math.round(result.bytes / count);
    const bare = await withBareServer(context, { listBytes }, (server, target) => context.measureReference({ ...job, target, request: { method: 'GET', path: '/list' } }, server.pid));
    const { p50Ms, p99Ms, maxMs, seconds } = result;
    return [{
      scenario: 'lists', what: `list ${pods.toLocaleString('en')} pods (${(listBytes / 1e6).toFixed(1)} MB), consistent, ${clients} clients, p50`, value: p50Ms, unit: 'ms',
      reference: { what: 'bare node:https', value: bare.result.p50Ms }, upstream: upstreamFigures.listP50,
      cpuSeconds, othersShare, detail: { p99Ms, maxMs, seconds, lists: count, bytesEach: listBytes },
    }];
  },
};
