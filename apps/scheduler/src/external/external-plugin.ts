import type { Candidate, ClusterEvent, ClusterState, Diagnosis, NodeInfo, NodeRefusal, PermitAnswer, PodInfo, PreFilterRefusal, SchedulerPlugin } from '@navarch/scheduling';

/** What a plug-in in another process said of nodes. */
export interface ExternalFilterResult {
  readonly feasible: readonly NodeInfo[];
  readonly refusals: readonly NodeRefusal[];
}

/** What it said of a pod before nodes were looked at. */
export type ExternalPreFilter =
  | PreFilterRefusal
  /** `skip`: its filter has nothing to say. `nodes`: only these come into question. */
  | { readonly skip: boolean; readonly nodes?: ReadonlySet<string> };

/** What it can do for a pod that no node takes. */
export interface ExternalPostFilter {
  readonly nominated?: Candidate;
  /** Added to the reason why the pod waits. */
  readonly message: string;
}

/** An event can help these pods, by uid. */
export type PodsHelped = (uids: readonly string[], event: ClusterEvent) => void;

/** A part of a profile that runs in another process: an HTTP extender, or a plug-in over `navarch.scheduler.v1`. All calls may fail. */
export interface ExternalPlugin {
  readonly name: string;
  /** A failure of it does not keep pods from being scheduled. */
  readonly ignorable: boolean;
  /** Factor of its scores, which are from 0 to 100. */
  readonly weight: number;
  concerns(pod: PodInfo): boolean;
  /** What can help a pod that it refused; undefined: anything, or it is not known yet. */
  readonly hints?: SchedulerPlugin['hints'] | undefined;
  /** Where it is to tell of pods that an event can help, when it cannot say so at once: its hints then say no. */
  onHelped?(tell: PodsHelped): void;
  /** Where it is to tell of the events that can help pods which it refuses, once it has said so itself. */
  onEventsKnown?(tell: (names: readonly string[]) => void): void;
  /** Whether `preBind` is known to have something to do. */
  readonly worksBeforeBinding?: boolean;
  readonly preFilter?: ((pod: PodInfo, signal: AbortSignal) => Promise<ExternalPreFilter>) | undefined;
  readonly filter?: ((pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal) => Promise<ExternalFilterResult>) | undefined;
  readonly postFilter?: ((pod: PodInfo, diagnosis: Diagnosis, state: ClusterState, signal: AbortSignal) => Promise<ExternalPostFilter>) | undefined;
  /** In the order of the nodes. */
  readonly score?: ((pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal) => Promise<readonly number[]>) | undefined;
  /** Of all the nodes on which room could be made, those that are acceptable, with the pods that have to go there. */
  readonly preempt?: ((pod: PodInfo, candidates: readonly Candidate[], state: ClusterState, signal: AbortSignal) => Promise<readonly Candidate[]>) | undefined;
  /** A reason why not, or undefined. */
  readonly reserve?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
  readonly unreserve?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<void>) | undefined;
  readonly permit?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<PermitAnswer>) | undefined;
  /** A reason why not, or undefined. */
  readonly preBind?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<string | undefined>) | undefined;
  readonly postBind?: ((pod: PodInfo, node: string, signal: AbortSignal) => Promise<void>) | undefined;
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
