import type { BenchCluster } from './cluster/bench-cluster';
import { machineUsage, othersShare } from './cluster/machine-usage';
import { cpuSeconds } from './cluster/process-usage';
import { Profiler } from './cluster/profiler';
import { waitForQuiet } from './cluster/wait-for-quiet';
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
  /** How long to wait for other work on the machine to end. */
  readonly patienceSeconds: number;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

const sum = (values: Readonly<Record<string, number>>): number => Object.values(values).reduce((total, value) => total + value, 0);

/** A job against the cluster: when it has come to rest, with the processor time of every process. */
export async function measure({ cluster, profile, profilePath, patienceSeconds, print, signal }: MeasureOptions, scenario: string, job: LoadJob): Promise<Measured> {
  await cluster.settle(signal);
  await waitForQuiet(patienceSeconds, () => sum(cluster.cpu()), signal);
  const profilers = profile.map((name) => [name, new Profiler(cluster.pid(name), cluster.log(name))] as const);
  const { result, around } = await runLoad(job, {
    before: async () => {
      for (const [, profiler] of profilers) await profiler.start();
      return { machine: machineUsage(), cpu: cluster.cpu() };
    },
    after: async ({ machine, cpu }, { clientCpuSeconds }) => {
      const servers = Object.fromEntries(Object.entries(cluster.cpu()).map(([name, value]) => [name, value - (cpu[name] ?? 0)]));
      const all: Record<string, number> = { client: clientCpuSeconds, ...servers };
      const others = othersShare(machine, machineUsage(), sum(all));
      for (const [name, profiler] of profilers) {
        const file = `${profilePath}-${scenario}-${name}.cpuprofile`;
        const spots = hotSpots(await profiler.stop(file), hotSpotsShown);
        print(`\n${name} in ${scenario} (${file}):\n${spots.map(({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${where}\n`).join('')}`);
      }
      return { cpuSeconds: all, othersShare: others };
    },
  }, signal);
  return { result, ...around };
}

/** The same job against another process, while the cluster rests. */
export async function measureReference({ cluster, patienceSeconds, signal }: MeasureOptions, job: LoadJob, pid: number): Promise<Measured> {
  await waitForQuiet(patienceSeconds, () => sum(cluster.cpu()) + cpuSeconds(pid), signal);
  const { result, around } = await runLoad(job, {
    before: () => ({ machine: machineUsage(), cpu: cpuSeconds(pid) }),
    after: ({ machine, cpu }, { clientCpuSeconds }) => {
      const all = { client: clientCpuSeconds, reference: cpuSeconds(pid) - cpu };
      return { cpuSeconds: all, othersShare: othersShare(machine, machineUsage(), sum(all)) };
    },
  }, signal);
  return { result, ...around };
}
