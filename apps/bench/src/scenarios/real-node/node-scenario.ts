import type { RequestOptions } from 'node:https';
import type { ApiRequests } from '../../api-requests';
import type { BenchCluster } from '../../cluster/bench-cluster';
import type { Figure } from '../../report/figure';
import type { Sizes } from '../../sizes';

/** The only node of the cluster. */
export const node = 'node-1';

/** What a scenario works with: a running cluster with one node and real containers, of which none is left from others. */
export interface NodeContext {
  readonly cluster: BenchCluster;
  readonly sizes: Sizes;
  readonly signal: AbortSignal;
  /** As the administrator. */
  readonly api: ApiRequests;
  /** The apiserver, as the administrator. */
  readonly connection: RequestOptions;
  /** Waits for other work on the machine to end. */
  quiet(): Promise<void>;
}

/** One thing that is measured where containers are real, which wants root; scenarios run one after another on one cluster. */
export interface NodeScenario {
  readonly name: string;
  readonly what: string;
  run(context: NodeContext): Promise<Figure[]>;
}
