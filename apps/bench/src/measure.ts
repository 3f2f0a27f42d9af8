import type { BenchCluster } from './cluster/bench-cluster';
import { cpuSeconds } from './cluster/process-usage';
import { Profiler } from './cluster/profiler';
import type { LoadJob } from './load/load-job';
import { runLoad } from './load/load-runner';
import { hotSpots } from './report/hot-spots';
import type { Measured } from './scenarios/scenario';

const hotSpotsShown = 30;

export interface MeasureOptions {
  readonly cluster: BenchCluster;
  /** Processes to profile. */
  readonly profile: readonly string[];
  /** Where profiles go: the path of the result without its ending. */
  readonly profilePath: string;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** A job against the cluster: when it has come to rest, with the processor time of every process. */
export async function measure({ cluster, profile, profilePath, print, signal }: MeasureOptions, scenario: string, job: LoadJob): Promise<Measured> {
  await cluster.settle(signal);
  const profilers = profile.map((name) => [name, new Profiler(cluster.pid(name), cluster.log(name))] as const);
  const { result, around } = await runLoad(job, {
    before: async () => {
      for (const [, profiler] of profilers) await profiler.start();
      return cluster.cpu();
    },
    after: async (before) => {
      const now = cluster.cpu();
      for (const [name, profiler] of profilers) {
        const file = `${profilePath}-${scenario}-${name}.cpuprofile`;
        const spots = hotSpots(await profiler.stop(file), hotSpotsShown);
        print(`\n${name} in ${scenario} (${file}):\n${spots.map(({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${where}\n`).join('')}`);
      }
      return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - (before[name] ?? 0)]));
    },
  }, signal);
  return { result, cpuSeconds: { client: result.clientCpuSeconds, ...around } };
}

/** The same job against another process. */
export async function measureReference(job: LoadJob, pid: number, signal: AbortSignal): Promise<Measured> {
  const { result, around } = await runLoad(job, { before: () => cpuSeconds(pid), after: (before) => cpuSeconds(pid) - before }, signal);
  return { result, cpuSeconds: { client: result.clientCpuSeconds, reference: around } };
}
