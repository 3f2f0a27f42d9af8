import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { Registry } from 'prom-client';
import { type CgroupUsage } from '../cgroups/cgroup-usage';
import { deviceName } from '../cgroups/disk-operations';
import { openFiles } from '../cgroups/open-files';
import { type ProbeMetrics } from '../probes/probe-metrics';
import { sandboxStats } from '../node-service/sandbox-stats';
import { type StatsReader, type StatsSummary } from '../node-service/stats-summary';
import { type VolumeMeasures } from '../node-service/volume-stats';
import { uidOf } from '../pods/pod-spec';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../runtime/labels';
import { cadvisorMetrics, type ContainerRow, type MachineRow, type NetworkRow } from './cadvisor-metrics';
import { logMetrics } from './log-metrics';
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
  readonly machine: () => MachineRow | undefined;
  /** What a container's control group tells; nothing where it has none. */
  readonly containerGroup: (pod: corev1.Pod, containerId: string) => Promise<CgroupUsage>;
  readonly clock: Clock;
}

/** Upstream's five pages of metrics, by its names. */
export class MetricsPages {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  constructor(private readonly deps: MetricsPagesDeps) {}

  /** The process itself. */
  async own(): Promise<string> {
    const running = this.deps.table.workers.filter(({ stopped }) => !stopped);
    const volumes = await Promise.all(running.map(({ pod }) => this.deps.volumes.of(uidOf(pod))));
    return `${await this.deps.registry.metrics()}${volumeMetrics(volumes.flat())}${await logMetrics(running)}`;
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
    await this.#swap(text, summary);
    text.gauge('resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise').add({}, 0);
    return text.toString();
  }

  /** Where there is no swap, nobody has used any. */
  async #swap(text: MetricText, { node, pods }: StatsSummary): Promise<void> {
    const { table, machine, containerGroup } = this.deps;
    const hasSwap = (machine()?.swapBytes ?? 0) > 0;
    const used = await Promise.all(pods.map(async ({ podRef, containers }) => {
      const worker = table.get(podRef.uid);
      return Promise.all(containers.map(async ({ name, memory }) => {
        const id = worker?.view.containers.find((container) => container.name === name && container.state === 'running')?.id;
        const bytes = !hasSwap ? 0 : worker && id !== undefined ? (await containerGroup(worker.pod, id)).swapBytes : undefined;
        return { labels: { container: name, namespace: podRef.namespace, pod: podRef.name }, bytes, time: memory?.time };
      }));
    }));
    const ofContainers = text.gauge('container_swap_usage_bytes', 'Current amount of the container swap usage in bytes. Reported only on non-windows systems');
    for (const { labels, bytes, time } of used.flat()) ofContainers.add(labels, bytes, time);
    const ofPods = text.gauge('pod_swap_usage_bytes', 'Current amount of the pod swap usage in bytes. Reported only on non-windows systems');
    for (const [index, { podRef, memory }] of pods.entries()) ofPods.add({ namespace: podRef.namespace, pod: podRef.name }, used[index]?.reduce((sum, { bytes = 0 }) => sum + bytes, 0), memory?.time);
    text.gauge('node_swap_usage_bytes', 'Current swap usage of the node in bytes. Reported only on non-windows systems').add({}, node.swap?.swapUsageBytes, node.swap?.time);
  }

  /** What dashboards know from cAdvisor: /metrics/cadvisor. */
  async containers(): Promise<string> {
    const { runtime, table, machine, containerGroup, clock } = this.deps;
    const [stats, sandboxes] = await Promise.all([runtime.listContainerStats(), sandboxStats(runtime, table)]);
    const rows = await Promise.all(stats.map(async (stat): Promise<ContainerRow> => {
      const labels = stat.attributes?.labels ?? {};
      const id = stat.attributes?.id ?? '';
      const worker = table.get(labels[podUidLabel] ?? '');
      const view = worker?.view.containers.find((container) => container.id === id);
      const group = worker ? await containerGroup(worker.pod, id) : {};
      return {
        stats: stat, startedAtMs: view?.startedAtMs, group, open: await openFiles(group.pids ?? []),
        disks: await Promise.all((group.disks ?? []).map(async (operations) => ({ ...operations, device: await deviceName(operations) }))),
        labels: { container: labels[containerNameLabel] ?? '', id, image: view?.image ?? '', name: id, namespace: labels[podNamespaceLabel] ?? '', pod: labels[podNameLabel] ?? '' },
      };
    }));
    const networks = sandboxes.map(({ attributes, linux }): NetworkRow => ({
      labels: { namespace: attributes?.labels[podNamespaceLabel] ?? '', pod: attributes?.labels[podNameLabel] ?? '' },
      interfaces: [...linux?.network?.defaultInterface ? [linux.network.defaultInterface] : [], ...linux?.network?.interfaces ?? []],
    }));
    return cadvisorMetrics(rows, networks, machine(), clock.now());
  }
}

function seconds(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}
