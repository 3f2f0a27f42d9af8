import { core } from '@navarch/api';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, leaderElectionFlags, leading, runProcess, secureServing, secureServingFlags } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { PodReporter } from './pod-reporter';
import { Scheduler } from './scheduler';
import { SchedulerMetrics } from './scheduler-metrics';

const flags = defineFlags({
  ...clusterFlags,
  ...secureServingFlags('10259'),
  ...leaderElectionFlags('kube-scheduler'),
  'scheduler-name': { type: 'string', default: 'default-scheduler', help: 'Pods whose spec.schedulerName is this are scheduled.' },
});

void runProcess({
  name: 'scheduler',
  flags,
  health: secureServing,
  main: (context) => {
    const { config, clock, log, registry, fail } = context;
    const connection = clusterConnection(config, context);
    const { client, informers } = connection;
    const pods = informers.informer(core.pods);
    const nodes = informers.informer(core.nodes);
    const namespaces = informers.informer(core.namespaces);
    const metrics = new SchedulerMetrics(registry);
    const events = new EventRecorder({ component: config.schedulerName }, { api: client, clock, log });
    const reporter = new PodReporter({ client, events, clock, log });
    /** Each leadership begins with an empty queue and fills it from the caches, which stay level all the time. */
    const lead = async (signal: AbortSignal): Promise<void> => {
      const scheduler = new Scheduler({ schedulerName: config.schedulerName }, { client, pods, nodes, namespaces, reporter, metrics, clock, log, random: Math.random });
      await Promise.race([scheduler.start(), aborted(signal)]);
      await aborted(signal);
      await scheduler.stop();
      await events.flush();
    };
    return [connection, leading(config, { client, clock, log, registry, lead, fail })];
  },
});

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

