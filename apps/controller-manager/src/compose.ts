import { clusterConnection } from '@navarch/client';
import { createWorkQueueMetrics, LeaderElector, leaderElection, type Component, type ProcessContext } from '@navarch/component-base';
import { Counter, Gauge } from 'prom-client';
import type { flags } from './config';
import type { ControllerContext } from './context';
import { RestMetricsClient } from './controllers/podautoscaler/rest-metrics-client';
import { runControllers } from './leader-work';
import { chosenControllers } from './registry';
import { HttpsRestApi, noRestApi } from './rest/json-reader';

/** Puts the process together: one connection, the chosen controllers on it, and the lease that lets them work. */
export function compose(context: ProcessContext<typeof flags>): readonly Component[] {
  const { config, clock, log, registry, health } = context;
  const connection = clusterConnection(config, context);
  const { master, certificateAuthority: caFile, clientCertificate: certFile, clientKey: keyFile } = config;
  const rest = master === undefined ? noRestApi : new HttpsRestApi({ server: master, caFile, certFile, keyFile });
  const outcomes = new Counter({ name: 'navarch_controller_reconciles_total', help: 'Reconciles by controller and outcome', labelNames: ['controller', 'outcome'], registers: [registry] });
  const controllerContext: ControllerContext = {
    api: connection.client,
    sources: connection.informers,
    clock,
    log,
    config,
    metrics: new RestMetricsClient(rest),
    rest,
    registry,
    queueMetrics: createWorkQueueMetrics(registry),
    onOutcome: (controller, outcome) => outcomes.inc({ controller, outcome }),
  };
  const chosen = chosenControllers(config.controllers).flatMap(({ name, create }) => (create === undefined ? [] : [{ name, create }]));
  const controllers = chosen.map(({ create }) => create(controllerContext));
  const running = new Gauge({ name: 'running_managed_controllers', help: 'Indicates where instances of a controller are currently running', labelNames: ['name', 'manager'], registers: [registry] });
  const note = (value: 0 | 1): void => chosen.forEach(({ name }) => running.set({ name, manager: 'kube-controller-manager' }, value));
  const work = async (signal: AbortSignal): Promise<void> => {
    note(1);
    await runControllers({ startInformers: () => connection.start(), controllers, log }, signal).finally(() => note(0));
  };
  const closing: Component = { name: 'cluster-connection', start: () => Promise.resolve(), stop: () => connection.stop() };
  if (!config.leaderElect) return [closing, background(work, context.fail)];
  const lead = async (signal: AbortSignal): Promise<void> => {
    await work(signal);
    // Who leads now must find nobody else at work: begin from nothing, as upstream does.
    if (!context.signal.aborted) context.fail(new Error('leaderelection lost'));
  };
  const elector = new LeaderElector(leaderElection(config), { client: connection.client, clock, log, registry, lead, fail: context.fail });
  health.add('leaderElection', () => undefined, ['healthz']);
  return [closing, elector];
}

/** Work without an election. */
function background(work: (signal: AbortSignal) => Promise<void>, fail: (error: unknown) => void): Component {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  return {
    name: 'controllers',
    start() {
      running ??= work(stopping.signal).catch(fail);
      return Promise.resolve();
    },
    async stop() {
      stopping.abort(new Error('controllers stopped'));
      await running;
    },
  };
}
