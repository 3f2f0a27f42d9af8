import type { ApiRequests } from '../api-requests';
import type { BenchCluster } from '../cluster/bench-cluster';
import type { Target } from '../load/http-connection';
import type { LoadJob, LoadResult } from '../load/load-job';
import type { Figure } from '../report/figure';
import type { Sizes } from '../sizes';

export interface Measured {
  readonly result: LoadResult;
  /** Processor seconds by process, the load's as `client`. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** The part of the machine that was busy with something else meanwhile. */
  readonly othersShare: number;
}

/** What a scenario works with: a running cluster, and how to put load on it. */
export interface BenchContext {
  readonly root: string;
  readonly cluster: BenchCluster;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
  /** As the administrator. */
  readonly api: ApiRequests;
  /** The apiserver, as the user of the load; every request is looked up in the RBAC rules. */
  readonly user: Target;
  readonly admin: Target;
  /** Runs a job against the cluster when it has come to rest; profiles it where that was asked for. */
  measure(scenario: string, job: LoadJob): Promise<Measured>;
  /** Waits for other work on the machine to end, as `measure` does by itself. */
  quiet(): Promise<void>;
  /** The same job against something else, whose process is `pid`. */
  measureReference(job: LoadJob, pid: number): Promise<Measured>;
}

/** One thing that is measured; scenarios run one after another on one cluster. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  run(context: BenchContext): Promise<Figure[]>;
}
