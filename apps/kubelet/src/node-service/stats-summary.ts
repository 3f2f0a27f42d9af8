import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';
import { readFile } from 'node:fs/promises';
import { addDetails } from './stats-details';
import { type NodeNetworkStats } from './node-network';
import { systemContainers, type PodsGroup } from './system-containers';
import { type VolumeMeasures, type VolumeStats } from './volume-stats';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../runtime/labels';

interface CpuStats {
  time: string;
  usageNanoCores?: number;
  usageCoreNanoSeconds: number;
}

interface MemoryStats {
  time: string;
  availableBytes?: number;
  usageBytes?: number;
  workingSetBytes: number;
  rssBytes?: number;
  pageFaults?: number;
  majorPageFaults?: number;
}

/** Upstream's SwapStats. */
export interface SwapStats {
  time: string;
  swapAvailableBytes: number;
  swapUsageBytes: number;
}

/** A file system, or what something takes of it. */
export interface FsStats {
  time: string;
  availableBytes?: number;
  capacityBytes?: number;
  usedBytes?: number;
  inodesFree?: number;
  inodes?: number;
  inodesUsed?: number;
}

export interface NetworkStats {
  time: string;
  name: string;
  rxBytes: number;
  rxErrors: number;
  txBytes: number;
  txErrors: number;
  interfaces: { name: string; rxBytes: number; rxErrors: number; txBytes: number; txErrors: number }[];
}

interface ContainerSummary {
  name: string;
  startTime: string;
  cpu?: CpuStats;
  memory?: MemoryStats;
  rootfs?: FsStats;
  logs?: FsStats;
}

interface PodSummary {
  podRef: { name: string; namespace: string; uid: string };
  startTime: string;
  containers: ContainerSummary[];
  cpu?: CpuStats;
  memory?: MemoryStats;
  network?: NetworkStats;
  process_stats?: { process_count: number };
  volume?: readonly VolumeStats[];
  'ephemeral-storage'?: FsStats;
}

/** The document of upstream's /stats/summary. */
export interface StatsSummary {
  node: {
    nodeName: string;
    startTime: string;
    systemContainers: ContainerSummary[];
    cpu: CpuStats;
    memory: MemoryStats;
    swap?: SwapStats;
    network?: NodeNetworkStats;
    fs?: FsStats;
    runtime?: { imageFs?: FsStats; containerFs?: FsStats };
    rlimit?: { time: string; maxpid: number; curproc: number };
  };
  pods: PodSummary[];
}

/** Two samples closer than this say nothing about a rate. */
const minSampleMs = 100;

/** Usage of a node and its pods, from the runtime and from /proc. Keeps the last sample of each, for rates. */
export class StatsReader {
  readonly #samples = new Map<string, { readonly atMs: number; readonly nanoseconds: number; nanoCores: number | undefined }>();
  readonly #startedAt: string;

  constructor(
    private readonly nodeName: string,
    private readonly deps: {
      readonly runtime: ContainerRuntime;
      readonly table: PodTable;
      readonly clock: Clock;
      readonly rootDir: string;
      readonly volumes: VolumeMeasures;
      readonly podsGroup?: PodsGroup;
    },
  ) {
    this.#startedAt = new Date(deps.clock.now()).toISOString();
  }

  /** `usageOnly`: processor time and memory, which is all that metrics pipelines ask for. */
  async read(usageOnly = false): Promise<StatsSummary> {
    const [stats, node] = await Promise.all([this.deps.runtime.listContainerStats(), this.#node()]);
    const pods = new Map<string, PodSummary>();
    for (const stat of stats) this.#addContainer(stat, pods);
    for (const pod of pods.values()) addTotals(pod);
    const summary = { node, pods: [...pods.values()] };
    return usageOnly ? summary : addDetails(summary, stats, this.#now(), this.deps);
  }

  #addContainer(stat: runtimev1.ContainerStats, pods: Map<string, PodSummary>): void {
    const labels = stat.attributes?.labels ?? {};
    const uid = labels[podUidLabel];
    const name = labels[containerNameLabel];
    const worker = uid === undefined ? undefined : this.deps.table.get(uid);
    const container = worker?.view.containers.find(({ id, state }) => id === stat.attributes?.id && state === 'running');
    if (uid === undefined || name === undefined || !worker || !container) return;
    let pod = pods.get(uid);
    if (!pod) {
      pod = {
        podRef: { name: labels[podNameLabel] ?? '', namespace: labels[podNamespaceLabel] ?? '', uid },
        startTime: worker.status.startTime ?? '',
        containers: [],
      };
      pods.set(uid, pod);
    }
    const cpu = stat.cpu?.usageCoreNanoSeconds;
    const memory = stat.memory;
    pod.containers.push({
      name,
      startTime: new Date(container.startedAtMs).toISOString(),
      ...(cpu ? { cpu: this.#cpu(container.id, Number(cpu.value), stat.cpu?.usageNanoCores ? Number(stat.cpu.usageNanoCores.value) : undefined) } : {}),
      ...(memory?.workingSetBytes
        ? {
            memory: {
              time: this.#now(),
              workingSetBytes: Number(memory.workingSetBytes.value),
              ...(memory.usageBytes ? { usageBytes: Number(memory.usageBytes.value) } : {}),
              ...(memory.rssBytes ? { rssBytes: Number(memory.rssBytes.value) } : {}),
            },
          }
        : {}),
    });
  }

  async #node(): Promise<StatsSummary['node']> {
    const [[stat, meminfo, vmstat], own] = await Promise.all([
      Promise.all(['stat', 'meminfo', 'vmstat'].map((name) => readFile(`/proc/${name}`, 'utf8'))) as Promise<[string, string, string]>,
      systemContainers(this.deps.podsGroup),
    ]);
    const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
    // Ticks are hundredths of a second on every Linux that Node runs on.
    const nanoseconds = (user + nice + system + irq + softirq + steal) * 10_000_000;
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
    const faults = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1] ?? 0);
    const available = bytes('MemAvailable');
    return {
      nodeName: this.nodeName,
      startTime: this.#startedAt,
      systemContainers: own.map(({ name, nanoseconds: used, memory }) => ({
        name,
        startTime: this.#startedAt,
        cpu: this.#cpu(`system/${name}`, used, undefined),
        memory: { time: this.#now(), ...memory },
      })),
      cpu: this.#cpu('', nanoseconds, undefined),
      memory: {
        time: this.#now(),
        availableBytes: available,
        usageBytes: bytes('MemTotal') - bytes('MemFree'),
        workingSetBytes: bytes('MemTotal') - available,
        rssBytes: bytes('AnonPages'),
        pageFaults: faults('pgfault'),
        majorPageFaults: faults('pgmajfault'),
      },
      swap: { time: this.#now(), swapAvailableBytes: bytes('SwapFree'), swapUsageBytes: bytes('SwapTotal') - bytes('SwapFree') },
    };
  }

  #cpu(key: string, nanoseconds: number, given: number | undefined): CpuStats {
    const atMs = this.deps.clock.now();
    const last = this.#samples.get(key);
    const elapsedMs = last ? atMs - last.atMs : 0;
    const fresh = last !== undefined && elapsedMs >= minSampleMs;
    const nanoCores = given ?? (fresh ? Math.max(0, Math.round(((nanoseconds - last.nanoseconds) / elapsedMs) * 1000)) : last?.nanoCores);
    if (!last || fresh) this.#samples.set(key, { atMs, nanoseconds, nanoCores });
    return { time: this.#now(), ...(nanoCores === undefined ? {} : { usageNanoCores: nanoCores }), usageCoreNanoSeconds: nanoseconds };
  }

  #now(): string {
    return new Date(this.deps.clock.now()).toISOString();
  }
}

function addTotals(pod: PodSummary): void {
  const cpus = pod.containers.flatMap(({ cpu }) => cpu ?? []);
  const memories = pod.containers.flatMap(({ memory }) => memory ?? []);
  const sum = <T>(items: readonly T[], value: (item: T) => number | undefined): number => items.reduce((total, item) => total + (value(item) ?? 0), 0);
  if (cpus[0]) pod.cpu = { time: cpus[0].time, usageNanoCores: sum(cpus, ({ usageNanoCores }) => usageNanoCores), usageCoreNanoSeconds: sum(cpus, ({ usageCoreNanoSeconds }) => usageCoreNanoSeconds) };
  if (memories[0]) pod.memory = { time: memories[0].time, workingSetBytes: sum(memories, ({ workingSetBytes }) => workingSetBytes), usageBytes: sum(memories, ({ usageBytes }) => usageBytes) };
}
