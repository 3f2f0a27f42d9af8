import type { Candidate, ClusterState, NodeInfo, NodeRefusal, PodInfo } from '@navarch/scheduling';

/** What a plug-in in another process said of nodes. */
export interface ExternalFilterResult {
  readonly feasible: readonly NodeInfo[];
  readonly refusals: readonly NodeRefusal[];
}

/** A part of a profile that runs in another process: an HTTP extender, or a plug-in over `navarch.scheduler.v1`. All calls may fail. */
export interface ExternalPlugin {
  readonly name: string;
  /** A failure of it does not keep pods from being scheduled. */
  readonly ignorable: boolean;
  /** Factor of its scores, which are from 0 to 100. */
  readonly weight: number;
  concerns(pod: PodInfo): boolean;
  readonly filter?: ((pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal) => Promise<ExternalFilterResult>) | undefined;
  /** In the order of the nodes. */
  readonly score?: ((pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal) => Promise<readonly number[]>) | undefined;
  /** Of all the nodes on which room could be made, those that are acceptable, with the pods that have to go there. */
  readonly preempt?: ((pod: PodInfo, candidates: readonly Candidate[], state: ClusterState, signal: AbortSignal) => Promise<readonly Candidate[]>) | undefined;
  /** A reason why not, or undefined. */
  readonly reserve?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
  readonly unreserve?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<void>) | undefined;
  /** Binds the pod in the scheduler's stead. */
  readonly bind?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<void>) | undefined;
  start?(): void;
  stop?(): void;
}

/** A profile's call to another process failed. */
export class ExternalPluginError extends Error {
  override readonly name = 'ExternalPluginError';

  constructor(readonly plugin: string, cause: unknown) {
    super(`${plugin}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
