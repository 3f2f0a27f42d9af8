import { type runtimev1 } from '@navarch/proto';
import { type CgroupUsage } from '../cgroups/cgroup-usage';
import { type DiskOperations } from '../cgroups/disk-operations';
import { type OpenFiles } from '../cgroups/open-files';
import { type Machine } from '../node/machine';
import { MetricText, type MetricFamily } from './metric-text';

/** A container as its runtime and its control group tell of it. */
export interface ContainerRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly stats: runtimev1.ContainerStats;
  readonly group: CgroupUsage;
  /** What its processes have open. */
  readonly open?: OpenFiles;
  /** What they had disks do, by the disks' paths. */
  readonly disks?: readonly (DiskOperations & { readonly device: string })[];
  readonly startedAtMs: number | undefined;
}

export interface NetworkRow {
  readonly labels: { readonly namespace: string; readonly pod: string };
  readonly interfaces: readonly runtimev1.NetworkInterfaceUsage[];
}

export interface MachineRow {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
}

/** What of a machine these metrics tell; undefined before it was looked at. */
export function machineRow(machine: Machine | undefined): MachineRow | undefined {
  return machine && { cpus: machine.cpus, memoryBytes: machine.memoryBytes, swapBytes: machine.swap.bytes };
}

type Read = (row: ContainerRow) => number | undefined;

const counters: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', ({ stats }) => over(stats.cpu?.usageCoreNanoSeconds, 1e9)],
  ['container_cpu_user_seconds_total', 'Cumulative user cpu time consumed in seconds.', ({ group }) => group.userSeconds],
  ['container_cpu_system_seconds_total', 'Cumulative system cpu time consumed in seconds.', ({ group }) => group.systemSeconds],
  ['container_cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', ({ group }) => ofQuota(group, group.periods)],
  ['container_cpu_cfs_throttled_periods_total', 'Number of throttled period intervals.', ({ group }) => ofQuota(group, group.throttledPeriods)],
  ['container_cpu_cfs_throttled_seconds_total', 'Total time duration the container has been throttled.', ({ group }) => ofQuota(group, group.throttledSeconds)],
  ['container_memory_failcnt', 'Number of memory usage hits limits', ({ group }) => group.memoryLimitHits],
  ['container_oom_events_total', 'Count of out of memory events observed for the container', ({ group }) => group.oomKills],
];

const gauges: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['container_memory_usage_bytes', 'Current memory usage in bytes, including all memory regardless of when it was accessed', ({ stats }) => value(stats.memory?.usageBytes)],
  ['container_memory_working_set_bytes', 'Current working set in bytes.', ({ stats }) => value(stats.memory?.workingSetBytes)],
  ['container_memory_rss', 'Size of RSS in bytes.', ({ stats }) => value(stats.memory?.rssBytes)],
  ['container_memory_cache', 'Number of bytes of page cache memory.', ({ group }) => group.cacheBytes],
  ['container_memory_mapped_file', 'Size of memory mapped files in bytes.', ({ group }) => group.mappedBytes],
  ['container_memory_swap', 'Container swap usage in bytes.', ({ group }) => group.swapBytes],
  ['container_memory_max_usage_bytes', 'Maximum memory usage recorded in bytes', ({ group }) => group.peakBytes],
  ['container_fs_usage_bytes', 'Number of bytes that are consumed by the container on this filesystem.', ({ stats }) => value(stats.writableLayer?.usedBytes)],
  ['container_processes', 'Number of processes running inside the container.', ({ group }) => group.pids?.length],
  ['container_file_descriptors', 'Number of open file descriptors for the container.', ({ open }) => open?.files],
  ['container_sockets', 'Number of open sockets for the container.', ({ open }) => open?.sockets],
  ['container_threads', 'Number of threads running inside the container', ({ group }) => group.threads],
  ['container_threads_max', 'Maximum number of threads allowed inside the container, infinity if value is zero', ({ group }) => limit(group.threadLimit)],
  ['container_spec_cpu_period', 'CPU period of the container.', ({ group }) => group.periodUs],
  ['container_spec_cpu_quota', 'CPU quota of the container.', ({ group }) => group.quotaUs],
  ['container_spec_cpu_shares', 'CPU share of the container.', ({ group }) => group.shares],
  ['container_spec_memory_limit_bytes', 'Memory limit for the container.', ({ group }) => limit(group.memoryLimitBytes)],
  ['container_start_time_seconds', 'Start time of the container since unix epoch in seconds.', ({ startedAtMs }) => startedAtMs && startedAtMs / 1000],
];

const network: readonly (readonly [name: string, help: string, read: (usage: runtimev1.NetworkInterfaceUsage) => number | undefined])[] = [
  ['container_network_receive_bytes_total', 'Cumulative count of bytes received', ({ rxBytes }) => value(rxBytes)],
  ['container_network_receive_errors_total', 'Cumulative count of errors encountered while receiving', ({ rxErrors }) => value(rxErrors)],
  ['container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', ({ txBytes }) => value(txBytes)],
  ['container_network_transmit_errors_total', 'Cumulative count of errors encountered while transmitting', ({ txErrors }) => value(txErrors)],
];

const disks: readonly (readonly [name: string, help: string, read: (operations: DiskOperations) => number])[] = [
  ['container_fs_reads_bytes_total', 'Cumulative count of bytes read', ({ readBytes }) => readBytes],
  ['container_fs_reads_total', 'Cumulative count of reads completed', ({ reads }) => reads],
  ['container_fs_writes_bytes_total', 'Cumulative count of bytes written', ({ writtenBytes }) => writtenBytes],
  ['container_fs_writes_total', 'Cumulative count of writes completed', ({ writes }) => writes],
];

/** What dashboards know from cAdvisor, by its names and labels. */
export function cadvisorMetrics(rows: readonly ContainerRow[], networks: readonly NetworkRow[], machine: MachineRow | undefined, nowMs: number): string {
  const text = new MetricText();
  text.gauge('machine_cpu_cores', 'Number of logical CPU cores.').add({}, machine?.cpus);
  text.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.').add({}, machine?.memoryBytes);
  text.gauge('machine_swap_bytes', 'Amount of swap memory available on the machine.').add({}, machine?.swapBytes);
  const each = (family: MetricFamily, read: Read): void => {
    for (const row of rows) family.add(row.labels, read(row));
  };
  for (const [name, help, read] of counters) each(text.counter(name, help), read);
  for (const [name, help, read] of gauges) each(text.gauge(name, help), read);
  each(text.gauge('container_last_seen', 'Last time a container was seen by the exporter'), () => Math.floor(nowMs / 1000));
  const failures = text.counter('container_memory_failures_total', 'Cumulative count of memory allocation failures.');
  for (const { labels, group } of rows) {
    for (const [kind, count] of [['pgfault', group.pageFaults], ['pgmajfault', group.majorPageFaults]] as const) failures.add({ ...labels, failure_type: kind, scope: 'container' }, count);
  }
  for (const [name, help, read] of disks) {
    const family = text.counter(name, help);
    for (const { labels, disks: used = [] } of rows) for (const operations of used) family.add({ ...labels, device: operations.device }, read(operations));
  }
  const devices = text.counter('container_blkio_device_usage_total', 'Blkio Device bytes usage');
  for (const { labels, disks: used = [] } of rows) {
    for (const { device, major, minor, readBytes, writtenBytes } of used)
      for (const [operation, bytes] of [
        ['Read', readBytes],
        ['Write', writtenBytes],
      ] as const)
        devices.add({ ...labels, device, major: String(major), minor: String(minor), operation }, bytes);
  }
  for (const [name, help, read] of network) {
    const family = text.counter(name, help);
    for (const { labels, interfaces } of networks) for (const usage of interfaces) family.add({ interface: usage.name, ...labels }, read(usage));
  }
  return text.toString();
}

/** Without a quota nothing is counted in periods. */
function ofQuota({ quotaUs }: CgroupUsage, count: number | undefined): number | undefined {
  return quotaUs === undefined ? undefined : count;
}

/** Nought is cAdvisor's word for no limit. */
function limit(most: number | undefined): number | undefined {
  return most === Infinity ? 0 : most;
}

function value(given: { readonly value: bigint } | undefined): number | undefined {
  return given && Number(given.value);
}

function over(given: { readonly value: bigint } | undefined, unit: number): number | undefined {
  return given && Number(given.value) / unit;
}
