import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The version every component reports, as the apiserver's /version does. */
export const GIT_VERSION = 'v1.36.0+navarch.0.1.0';

/** Longer than anybody waits for: the histogram of lag that comes with the default metrics would wake every process 50 times a second. EventLoopMonitor has one. */
const NEVER_MS = 2 ** 31 - 1;
const LAG_OF_THIS_MOMENT = 'nodejs_eventloop_lag_seconds';

/** Prints metrics in the order of their names, as Prometheus' client for Go does, so that two pages can be compared line by line. */
class OrderedRegistry extends Registry {
  override getMetricsAsArray(): ReturnType<Registry['getMetricsAsArray']> {
    return super.getMetricsAsArray().sort((one, other) => (one.name < other.name ? -1 : 1));
  }
}

/** A registry of its own for a process, with the process_* and nodejs_* metrics and kubernetes_build_info. */
export function createRegistry(): Registry {
  const registry = new OrderedRegistry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of registry.getMetricsAsArray()) if (name.startsWith('nodejs_eventloop_lag_') && name !== LAG_OF_THIS_MOMENT) registry.removeSingleMetric(name);
  new Gauge({
    name: 'kubernetes_build_info',
    help: 'Version information: constantly 1, labelled by major, minor and git version.',
    labelNames: ['major', 'minor', 'git_version', 'platform'],
    registers: [registry],
  }).set({ major: '1', minor: '36', git_version: GIT_VERSION, platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}` }, 1);
  return registry;
}
