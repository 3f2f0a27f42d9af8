import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';
import { diskOperationsV1, diskOperationsV2, type DiskOperations } from './disk-operations';

/** What a control group has used and may use; undefined: its kernel does not say. Limits: Infinity for none. */
export interface CgroupUsage {
  readonly userSeconds?: number | undefined;
  readonly systemSeconds?: number | undefined;
  readonly periods?: number | undefined;
  readonly throttledPeriods?: number | undefined;
  readonly throttledSeconds?: number | undefined;
  readonly cacheBytes?: number | undefined;
  readonly swapBytes?: number | undefined;
  readonly mappedBytes?: number | undefined;
  readonly peakBytes?: number | undefined;
  readonly memoryLimitHits?: number | undefined;
  readonly pageFaults?: number | undefined;
  readonly majorPageFaults?: number | undefined;
  readonly oomKills?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly shares?: number | undefined;
  readonly periodUs?: number | undefined;
  /** Undefined for no quota. */
  readonly quotaUs?: number | undefined;
  readonly threads?: number | undefined;
  readonly threadLimit?: number | undefined;
  /** Its processes, by their ids on the node. */
  readonly pids?: readonly number[] | undefined;
  readonly disks?: readonly DiskOperations[] | undefined;
}

/** Ticks are hundredths of a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Of version 1: a hierarchy for each controller. */
export async function usageV1(mountPoint: string, path: string): Promise<CgroupUsage> {
  const text = (controller: string, file: string): Promise<string | undefined> => read(join(mountPoint, controller, path, file));
  const number = async (controller: string, file: string): Promise<number | undefined> => wholeOf(await text(controller, file));
  const [cpu, times, memory, oom, procs] = [
    keyed(await text('cpu', 'cpu.stat')),
    keyed(await text('cpuacct', 'cpuacct.stat')),
    keyed(await text('memory', 'memory.stat')),
    keyed(await text('memory', 'memory.oom_control')),
    await text('memory', 'cgroup.procs'),
  ];
  const quotaUs = await number('cpu', 'cpu.cfs_quota_us');
  return {
    userSeconds: over(times('user'), ticksPerSecond),
    systemSeconds: over(times('system'), ticksPerSecond),
    periods: cpu('nr_periods'),
    throttledPeriods: cpu('nr_throttled'),
    throttledSeconds: over(cpu('throttled_time'), 1e9),
    cacheBytes: memory('total_cache'),
    swapBytes: memory('total_swap'),
    mappedBytes: memory('total_mapped_file'),
    pageFaults: memory('total_pgfault'),
    majorPageFaults: memory('total_pgmajfault'),
    peakBytes: await number('memory', 'memory.max_usage_in_bytes'),
    memoryLimitHits: await number('memory', 'memory.failcnt'),
    memoryLimitBytes: limitOf(await text('memory', 'memory.limit_in_bytes')),
    oomKills: oom('oom_kill'),
    shares: await number('cpu', 'cpu.shares'),
    periodUs: await number('cpu', 'cpu.cfs_period_us'),
    quotaUs: quotaUs !== undefined && quotaUs > 0 ? quotaUs : undefined,
    threads: await number('pids', 'pids.current'),
    threadLimit: limitOf(await text('pids', 'pids.max')),
    pids: numbers(procs),
    disks: diskOperationsV1((await text('blkio', 'blkio.throttle.io_service_bytes')) ?? '', (await text('blkio', 'blkio.throttle.io_serviced')) ?? ''),
  };
}

/** Of version 2: one hierarchy. */
export async function usageV2(mountPoint: string, path: string): Promise<CgroupUsage> {
  const text = (file: string): Promise<string | undefined> => read(join(mountPoint, path, file));
  const [cpu, memory, events] = [keyed(await text('cpu.stat')), keyed(await text('memory.stat')), keyed(await text('memory.events'))];
  const [quota, period] = ((await text('cpu.max')) ?? '').trim().split(' ');
  const weight = wholeOf(await text('cpu.weight'));
  return {
    userSeconds: over(cpu('user_usec'), 1e6), systemSeconds: over(cpu('system_usec'), 1e6),
    periods: cpu('nr_periods'), throttledPeriods: cpu('nr_throttled'), throttledSeconds: over(cpu('throttled_usec'), 1e6),
    cacheBytes: memory('file'), swapBytes: wholeOf(await text('memory.swap.current')), mappedBytes: memory('file_mapped'), pageFaults: memory('pgfault'), majorPageFaults: memory('pgmajfault'),
    peakBytes: wholeOf(await text('memory.peak')), memoryLimitHits: events('max'), memoryLimitBytes: limitOf(await text('memory.max')), oomKills: events('oom_kill'),
    shares: weight === undefined ? undefined : sharesOf(weight), periodUs: wholeOf(period), quotaUs: wholeOf(quota),
    threads: wholeOf(await text('pids.current')), threadLimit: limitOf(await text('pids.max')), pids: numbers(await text('cgroup.procs')),
    disks: diskOperationsV2(await text('io.stat') ?? ''),
  };
}

/** Version 2's weight (1 to 10000) as version 1's shares (2 to 262144). */
function sharesOf(weight: number): number {
  return 2 + Math.floor(((weight - 1) * 262_142) / 9999);
}

/** Undefined where there is no such file, or no such group any more. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENODEV') || isCode(error, 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}

/** Numbers by name, of a file with one a line. */
function keyed(text: string | undefined): (name: string) => number | undefined {
  const values = new Map((text ?? '').split('\n').map((line): [string, string | undefined] => {
    const [name = '', value] = line.split(' ');
    return [name, value];
  }));
  return (name) => wholeOf(values.get(name));
}

function wholeOf(text: string | undefined): number | undefined {
  const number = text === undefined ? NaN : Number.parseInt(text, 10);
  return Number.isNaN(number) ? undefined : number;
}

function over(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}

/** A number no machine has is how version 1 says that there is no limit. */
function limitOf(text: string | undefined): number | undefined {
  const limit = text?.trim() === 'max' ? Infinity : wholeOf(text);
  return limit !== undefined && limit >= Number.MAX_SAFE_INTEGER ? Infinity : limit;
}

function numbers(text: string | undefined): number[] | undefined {
  return text?.split('\n').filter((line) => line !== '').map(Number);
}
