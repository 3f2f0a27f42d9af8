import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, leaderElectionFlags, leading, runProcess, secureServing, secureServingFlags, type Component } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { addChecks, chooseInformers, setUp } from './compose';
import { electionSettings } from './config/election-settings';
import { loadConfiguration } from './config/load-configuration';
import { DecisionLog } from './explain/decision-log';
import { explainEndpoint } from './explain/explain-endpoint';
import { podResourceMetrics } from './pod-resource-metrics';
import { Scheduler } from './scheduler';
import { allInformers, schedulerInformers } from './scheduler-informers';
import { SchedulerMetrics } from './scheduler-metrics';

const flags = defineFlags({
  ...clusterFlags,
  ...secureServingFlags('10259'),
  ...leaderElectionFlags('kube-scheduler'),
  config: { type: 'string', help: 'File with a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1).' },
  'scheduler-name': { type: 'string', default: 'default-scheduler', help: 'Pods whose spec.schedulerName is this are scheduled, unless the configuration has profiles of its own.' },
  'explained-decisions': { type: 'number', default: '200', help: 'How many recent decisions /debug/scheduling can explain; 0 keeps none.' },
});

void runProcess({
  name: 'scheduler',
  component: 'kube-scheduler',
  flags,
  // Flags of the election go before what the file says of it (upstream's Options.ApplyLeaderElectionTo).
  settings: ({ config }) => ({ values: config === undefined ? {} : electionSettings(loadConfiguration(config)), withoutEffect: [] }),
  health: secureServing,
  main: (context) => {
    const { config, clock, log, registry, fail, handle } = context;
    const metrics = new SchedulerMetrics(registry);
    const { profiles, queue } = setUp(config.config, config.schedulerName, metrics.externalCall);
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
      const scheduler = new Scheduler(queue, { client, informers: caches, profiles, eventsFor: (name) => recorders.get(name) ?? silent, decisions, metrics, clock, log, random: Math.random });
      await Promise.race([scheduler.start(), aborted(signal)]);
      await aborted(signal);
      decisions = undefined;
      await scheduler.stop();
      await Promise.all(Array.from(recorders.values(), (recorder) => recorder.flush()));
    };
    return [connection, externals(profiles.all.flatMap((profile) => profile.externals)), leading(config, { client, clock, log, registry, lead, fail })];
  },
});

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
