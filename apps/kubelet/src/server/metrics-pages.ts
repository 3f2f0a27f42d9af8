import { Registry } from 'prom-client';
import { type ProbeMetrics } from '../probes/probe-metrics';
import { sandboxStats } from '../node-service/sandbox-stats';
import { type StatsReader, type StatsSummary } from '../node-service/stats-summary';
import { type VolumeMeasures } from '../node-service/volume-stats';
import { uidOf } from '../pods/pod-spec';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../runtime/labels';
import { MetricText } from './metric-text';
import { volumeMetrics } from './volume-metrics';

export interface MetricsPagesDeps {
  readonly registry: Registry;
  readonly probes: ProbeMetrics;
  /** What came of the process's health checks. */
  readonly slis: Registry;
  readonly stats: StatsReader;
  readonly volumes: VolumeMeasures;
  readonly runtime: ContainerRuntime;
  readonly table: PodTable;
  readonly machine: () => { readonly cpus: number; readonly memoryBytes: number } | undefined;
}

/** Upstream's five pages of metrics, by its names. */
export class MetricsPages {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  constructor(private readonly deps: MetricsPagesDeps) {}

  /** The process itself. */
  async own(): Promise<string> {
    const running = this.deps.table.workers.filter(({ stopped }) => !stopped);
    const volumes = await Promise.all(running.map(({ pod }) => this.deps.volumes.of(uidOf(pod))));
    return `${await this.deps.registry.metrics()}${volumeMetrics(volumes.flat())}`;
  }

  slis(): Promise<string> {
    return this.deps.slis.metrics();
  }

  probes(): Promise<string> {
    return this.deps.probes.registry.metrics();
  }

  /** What metrics pipelines need: /metrics/resource. */
  async resources(): Promise<string> {
    const text = new MetricText();
    let summary: StatsSummary;
    try {
      summary = await this.deps.stats.read(true);
    } catch {
      // What cannot be read is told in the metric that says so.
      text.gauge('resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise').add({}, 1);
      return text.toString();
    }
    const { node, pods } = summary;
    const containers = pods.flatMap(({ podRef: { name: pod, namespace }, containers: all }) => all.map((container) => ({ labels: { container: container.name, namespace, pod }, container })));
    const cpu = text.counter('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the container in core-seconds');
    for (const { labels, container } of containers) cpu.add(labels, seconds(container.cpu?.usageCoreNanoSeconds), container.cpu?.time);
    const memory = text.gauge('container_memory_working_set_bytes', 'Current working set of the container in bytes');
    for (const { labels, container } of containers) memory.add(labels, container.memory?.workingSetBytes, container.memory?.time);
    const start = text.gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds');
    for (const { labels, container } of containers) start.add(labels, Date.parse(container.startTime) / 1000);
    text.counter('node_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the node in core-seconds').add({}, seconds(node.cpu.usageCoreNanoSeconds), node.cpu.time);
    text.gauge('node_memory_working_set_bytes', 'Current working set of the node in bytes').add({}, node.memory.workingSetBytes, node.memory.time);
    const podCpu = text.counter('pod_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the pod in core-seconds');
    for (const { podRef: { name: pod, namespace }, cpu: used } of pods) podCpu.add({ namespace, pod }, seconds(used?.usageCoreNanoSeconds), used?.time);
    const podMemory = text.gauge('pod_memory_working_set_bytes', 'Current working set of the pod in bytes');
    for (const { podRef: { name: pod, namespace }, memory: used } of pods) podMemory.add({ namespace, pod }, used?.workingSetBytes, used?.time);
    text.gauge('resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise').add({}, 0);
    return text.toString();
  }

  /** What dashboards know from cAdvisor: /metrics/cadvisor. */
  async containers(): Promise<string> {
    const text = new MetricText();
    const machine = this.deps.machine();
    text.gauge('machine_cpu_cores', 'Number of logical CPU cores.').add({}, machine?.cpus);
    text.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.').add({}, machine?.memoryBytes);
    const [stats, sandboxes] = await Promise.all([this.deps.runtime.listContainerStats(), sandboxStats(this.deps.runtime, this.deps.table)]);
    const rows = stats.map((stat) => {
      const labels = stat.attributes?.labels ?? {};
      const view = this.deps.table.get(labels[podUidLabel] ?? '')?.view.containers.find(({ id }) => id === stat.attributes?.id);
      return { stat, view, labels: { container: labels[containerNameLabel] ?? '', id: stat.attributes?.id ?? '', image: view?.image ?? '', name: stat.attributes?.id ?? '', namespace: labels[podNamespaceLabel] ?? '', pod: labels[podNameLabel] ?? '' } };
    });
    const each = (family: ReturnType<MetricText['gauge']>, value: (row: (typeof rows)[number]) => number | undefined): void => {
      for (const row of rows) family.add(row.labels, value(row));
    };
    each(text.counter('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.'), ({ stat }) => seconds(number(stat.cpu?.usageCoreNanoSeconds)));
    each(text.gauge('container_memory_usage_bytes', 'Current memory usage in bytes, including all memory regardless of when it was accessed'), ({ stat }) => number(stat.memory?.usageBytes));
    each(text.gauge('container_memory_working_set_bytes', 'Current working set in bytes.'), ({ stat }) => number(stat.memory?.workingSetBytes));
    each(text.gauge('container_memory_rss', 'Size of RSS in bytes.'), ({ stat }) => number(stat.memory?.rssBytes));
    each(text.gauge('container_fs_usage_bytes', 'Number of bytes that are consumed by the container on this filesystem.'), ({ stat }) => number(stat.writableLayer?.usedBytes));
    each(text.gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds.'), ({ view }) => view && view.startedAtMs / 1000);
    const networks = sandboxes.map(({ attributes, linux }) => ({ labels: { interface: linux?.network?.defaultInterface?.name ?? '', namespace: attributes?.labels[podNamespaceLabel] ?? '', pod: attributes?.labels[podNameLabel] ?? '' }, network: linux?.network?.defaultInterface }));
    const received = text.counter('container_network_receive_bytes_total', 'Cumulative count of bytes received');
    for (const { labels, network } of networks) received.add(labels, number(network?.rxBytes));
    const sent = text.counter('container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted');
    for (const { labels, network } of networks) sent.add(labels, number(network?.txBytes));
    return text.toString();
  }
}

function number(value: { readonly value: bigint } | undefined): number | undefined {
  return value && Number(value.value);
}

function seconds(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}
