import type { LoadJob } from '../load/load-job';
import { noScheduler, podTemplate } from '../load/pod-template';
import { sequenceMark, spreadMark } from '../load/request-template';
import { fillLoad } from '../load/load-runner';
import { upstreamFigures } from '../report/upstream-figures';
import { withBareServer } from './against-bare-server';
import type { Scenario } from './scenario';

const namespace = 'bench-watch';
const path = `/api/v1/namespaces/${namespace}/pods`;

/** How many events a second reach many watchers of the same pods; beside it, a bare server that writes as many bytes to each. */
export const watchFanOut: Scenario = {
  name: 'watch',
  what: 'fan-out of updates to many watchers',
  run: async (context) => {
    const { api, user, signal, sizes: { watch: { watchers, updates, writers, warmUp } } } = context;
    await api.namespace(namespace);
    for (let pod = 0; pod < writers; pod++) await api.send('POST', path, podTemplate({ name: `pod-${String(pod).padStart(spreadMark.length, '0')}`, schedulerName: noScheduler }));
    const job = (count: number, first: number): LoadJob => ({
      target: user, connections: writers, expectStatus: 200, first, warmUp: writers, count, spread: writers,
      request: {
        method: 'PATCH', path: `${path}/pod-${spreadMark}`,
        headers: { 'Content-Type': 'application/merge-patch+json' }, body: `{"metadata":{"annotations":{"bench.navarch.io/update":"${sequenceMark}"}}}`,
      },
      watch: { watchers, path, listPath: `${path}?limit=1`, eventsEach: count },
    });
    await fillLoad(job(warmUp, 0), signal);
    const { result, cpuSeconds, othersShare } = await context.measure('watch', job(updates, warmUp + writers));
    const seen = result.watch ?? { events: 0, seconds: Number.NaN };
    const eventBytes = Math.round(result.bytes / (seen.events + result.requests));
    const bare = await withBareServer(context, { eventBytes, objectBytes: eventBytes }, (server, target) =>
      context.measureReference({ ...job(updates, 0), target, watch: { watchers, path: '/watch', listPath: '/version', eventsEach: updates } }, server.pid));
    const bareSeen = bare.result.watch ?? { events: 0, seconds: Number.NaN };
    return [{
      scenario: 'watch', what: `${watchers} watchers × ${updates} updates, events`, value: seen.events / seen.seconds, unit: '/s',
      reference: { what: 'bare node:https', value: bareSeen.events / bareSeen.seconds }, upstream: upstreamFigures.watchEvents,
      cpuSeconds, othersShare, detail: { events: seen.events, seconds: seen.seconds, updatesPerSecond: result.requests / result.seconds, updateP50Ms: result.p50Ms, bytesEach: eventBytes },
    }];
  },
};
