import { clusterConnection } from '@navarch/client';
import { leading, type Component, type ProcessContext } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { addChecks } from './checks';
import { chooseInformers } from './choose-informers';
import type { flags } from './config';
import { DecisionLog } from './explain/decision-log';
import { explainEndpoint } from './explain/explain-endpoint';
import { podResourceMetrics } from './pod-resource-metrics';
import { Scheduler } from './scheduler';
import { allInformers, schedulerInformers } from './scheduler-informers';
import { SchedulerMetrics } from './scheduler-metrics';
import { setUp } from './set-up';

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof flags>): Component[] {
  const { config, clock, log, registry, fail, handle } = context;
  const metrics = new SchedulerMetrics(registry);
  const { profiles, queue } = setUp(config, metrics.externalCall);
  const connection = clusterConnection(config, context);
  const { client, informers } = connection;
  const recorders = new Map(profiles.all.map(({ profile: { schedulerName } }) => [schedulerName, new EventRecorder({ component: schedulerName }, { api: client, clock, log })]));
  const silent = { event: () => undefined };
  let decisions: DecisionLog | undefined;
  handle('/debug/scheduling', explainEndpoint(() => decisions));
  const podResources = podResourceMetrics(() => caches.pods.list());
  handle('/metrics/resources', async (_request, response) => {
    response.setHeader('content-type', podResources.contentType);
    response.end(await podResources.metrics());
  });
  // Whoever does not lead yet keeps its caches level too, so that it can go on at once.
  let caches = schedulerInformers(informers, { podGroups: false });
  addChecks(context.health, allInformers(caches), config.leaderElect, context.signal);
  /** Each leadership begins with an empty queue and fills it from the caches, which stay level all the time. */
  const lead = async (signal: AbortSignal): Promise<void> => {
    caches = schedulerInformers(informers, await chooseInformers(profiles, client, signal));
    decisions = new DecisionLog(config.explainedDecisions);
    const eventsFor = (name: string) => recorders.get(name) ?? silent;
    const scheduler = new Scheduler(queue, { client, informers: caches, informerOf: (type, options) => informers.informer(type, options), profiles, eventsFor, decisions, metrics, clock, log, random: Math.random });
    await Promise.race([scheduler.start(), aborted(signal)]);
    await aborted(signal);
    decisions = undefined;
    await scheduler.stop();
    await Promise.all(Array.from(recorders.values(), (recorder) => recorder.flush()));
  };
  return [connection, externals(profiles.all.flatMap((profile) => profile.externals)), leading(config, { client, clock, log, registry, lead, fail })];
}

/** Connections to plug-ins in other processes are made when first needed. */
function externals(plugins: readonly { stop?(): void }[]): Component {
  return {
    name: 'external-plugins',
    start: () => Promise.resolve(),
    stop: () => {
      for (const plugin of new Set(plugins)) plugin.stop?.();
      return Promise.resolve();
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
