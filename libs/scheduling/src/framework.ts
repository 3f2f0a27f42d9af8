import type { KubeObject, resourcev1 } from '@navarch/api';
import type { ObjectApi } from '@navarch/reconcile';
import type { Diagnosis } from './cycle/diagnosis';
import type { Candidate } from './preemption/select-victims';
import type { ClusterState } from './state/cluster-state';
import type { NodeInfo } from './state/node-info';
import type { PodInfo } from './state/pod-info';

/** Why a node cannot take a pod, as it appears in events, counted per reason. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Removing pods from the node would not help. */
  readonly unresolvable: boolean;
}

export const refusal = (reason: string, unresolvable = false): Refusal => ({ reasons: [reason], unresolvable });

/** Scores from 0 to this. */
export const maxNodeScore = 100;

type ObjectEvent<Resource extends string> = `${Resource}Add` | `${Resource}Update`;

/** Of a resource that only plug-ins in other processes know: `foos.v1.example.comAdd`. */
export type OtherEventName = `${string}.${string}.${string}${'Add' | 'Update' | 'Delete'}`;

/** Something that can make a refused pod schedulable, by the names of upstream's events: the resource and what was done to it. */
export type EventName =
  | 'AssignedPodAdd' | 'AssignedPodDelete' | 'AssignedPodUpdate' | 'AssignedPodUpdatePodLabel' | 'AssignedPodUpdatePodScaleDown'
  | 'UnscheduledPodAdd' | 'PodUpdate' | 'PodUpdatePodLabel' | 'PodUpdatePodScaleDown' | 'PodUpdatePodToleration' | 'PodUpdatePodSchedulingGatesEliminated' | 'PodUpdatePodGeneratedResourceClaim'
  | 'NodeAdd' | 'NodeDelete' | 'NodeUpdateNodeAnnotation' | 'NodeUpdateNodeCondition' | 'NodeUpdateNodeAllocatable' | 'NodeUpdateNodeLabel' | 'NodeUpdateNodeTaint' | 'NodeUpdateNodeDeclaredFeature'
  | ObjectEvent<'Namespace'> | ObjectEvent<'PersistentVolume'> | ObjectEvent<'PersistentVolumeClaim'> | ObjectEvent<'StorageClass'>
  | ObjectEvent<'CSINode'> | ObjectEvent<'CSIDriver'> | ObjectEvent<'CSIStorageCapacity'> | 'VolumeAttachmentDelete'
  | ObjectEvent<'ResourceClaim'> | 'ResourceClaimDelete' | ObjectEvent<'DeviceClass'> | ObjectEvent<'ResourceSlice'> | ObjectEvent<'PodGroup'>
  | OtherEventName;

export interface ClusterEvent {
  readonly name: EventName;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

/** Whether an event can help a pod that the plug-in refused (upstream's QueueingHintFn). */
export type QueueingHint = (pod: PodInfo, event: ClusterEvent, state: ClusterState) => boolean;

/** What a plug-in may need and a pure function has not. */
export interface PluginTools {
  /** Milliseconds on a scale that nobody sets; without it nothing has a time limit. */
  readonly monotonic?: () => number;
}

export const always: QueueingHint = () => true;

/** A filter as prepared for one pod: called once for each node. `undefined` is yes. */
export type NodeFilter = (node: NodeInfo) => Refusal | undefined;

/** What a PreFilter found. */
export interface PreFilterResult {
  readonly filter?: NodeFilter;
  /** Only these nodes come into question, so that others need not be looked at. */
  readonly nodes?: ReadonlySet<string>;
}

/** The pod cannot be scheduled anywhere, whatever the node. */
export interface PreFilterRefusal {
  readonly refused: string;
  readonly unresolvable: boolean;
}

/** A score as prepared for one pod and the nodes that passed; `normalize` sees all raw scores and changes them in place. */
export interface NodeScorer {
  score(node: NodeInfo): number;
  /** The same for all nodes in one loop: many times faster than a call for each, for plug-ins that are asked about every pod. */
  scoreAll?(nodes: readonly NodeInfo[], into: Float64Array): void;
  /** All scores come from `nodes` in order; `raw` is what `score` said. */
  normalize?(raw: Float64Array, nodes: readonly NodeInfo[]): void;
}

/** What a PostFilter found for a pod that no node takes. */
export interface PostFilterResult {
  /** Room will be made here. */
  readonly nominated?: Candidate;
  /** All nodes on which room could be made, `nominated` among them: for who has a say in it from outside. */
  readonly candidates?: readonly Candidate[];
  /** Room is being made for it already. */
  readonly underWay?: true;
  /** The room that was being made for it is of no use. */
  readonly clearNomination?: boolean;
  /** A claim of the pod that has devices where the pod cannot be, without them: written so, it can be given others. */
  readonly release?: resourcev1.ResourceClaim;
  /** A claim that a former attempt made for the pod: once it is deleted, all is chosen anew. */
  readonly remove?: resourcev1.ResourceClaim;
  /** Added to the reason why the pod waits. */
  readonly message: string;
}

/** What a Permit says: go on, wait (until the deadline or `allow`), or no. */
export type PermitAnswer = { readonly kind: 'allow'; readonly allow?: readonly string[] } | { readonly kind: 'wait'; readonly timeoutMs: number } | { readonly kind: 'refuse'; readonly reason: string };

/** How it ended that a pod waited for its devices. */
export type DeviceWait = 'success' | 'failure' | 'timeout' | 'error';

/** What happens before a binding that metrics and events tell of. */
export interface BindingListener {
  /** A claim for the extended resources of a pod was written, or could not be. */
  claimCreated(succeeded: boolean): void;
  /** A pod begins to wait for the devices that these drivers have to make ready. The answer is called when it ends. */
  waitsForDevices(pod: PodInfo, node: string, drivers: readonly string[]): (outcome: DeviceWait) => void;
}

/** What a plug-in may do to the cluster before a binding. */
export interface BindingContext {
  readonly api: Pick<ObjectApi, 'get' | 'create' | 'update' | 'updateStatus' | 'patch' | 'delete'>;
  readonly state: ClusterState;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves when the condition, asked again after every change of an object, is true; rejects when it throws or after `timeoutMs`. */
  readonly until: (condition: () => boolean, timeoutMs: number) => Promise<void>;
  readonly listener?: BindingListener;
}

/**
 * One plug-in at upstream's extension points. All but `preBind` are pure functions over the cluster's state. `undefined` from a
 * Pre-step means that the plug-in has nothing to say about this pod and is skipped for all nodes.
 */
export interface SchedulerPlugin {
  readonly name: string;
  /** Why the pod may not even be tried yet. */
  preEnqueue?(pod: PodInfo, state: ClusterState): string | undefined;
  /** QueueSort: negative if `a` goes first. */
  compare?(a: { readonly priority: number; readonly since: number }, b: { readonly priority: number; readonly since: number }): number;
  /** Looks at the pod once; the answer holds the Filter. */
  preFilter?(pod: PodInfo, state: ClusterState): NodeFilter | PreFilterResult | PreFilterRefusal | undefined;
  /** Called when no node passed. */
  postFilter?(pod: PodInfo, state: ClusterState, found: FailedSearch): PostFilterResult;
  /** Looks at the pod and the feasible nodes once, answers Score and NormalizeScore. */
  preScore?(pod: PodInfo, state: ClusterState, nodes: readonly NodeInfo[]): NodeScorer | undefined;
  /**
   * SignPod: what of a pod the filter and the score look at, as JSON values: for pods of which this is the same, they say the same of every node. Undefined for
   * a pod whose place changes what they say of other nodes. A plug-in that filters or scores without this keeps what was found for one pod from being used for the next.
   */
  sign?(pod: PodInfo, state: ClusterState): readonly unknown[] | undefined;
  /** Counts on the decision; a refusal takes it back. */
  reserve?(pod: PodInfo, node: NodeInfo, state: ClusterState): Refusal | undefined;
  unreserve?(pod: PodInfo, state: ClusterState): void;
  permit?(pod: PodInfo, node: NodeInfo, state: ClusterState): PermitAnswer;
  /** PreBindPreFlight: whether `preBind` has anything to do for this pod, once Reserve is done; without it the plug-in never has. Then others are told of the node first. */
  worksBeforeBinding?(pod: PodInfo, state: ClusterState): boolean;
  preBind?(pod: PodInfo, node: string, context: BindingContext): Promise<void>;
  /** Takes back what `preBind` wrote, before `unreserve`, when the pod is not bound after all. */
  undoPreBind?(pod: PodInfo, context: BindingContext): Promise<void>;
  postBind?(pod: PodInfo, node: string, state: ClusterState): void;
  /** What can help a pod that this plug-in refused. */
  readonly hints?: Partial<Record<EventName, QueueingHint>>;
}

/** A search that found nothing, for PostFilter: which nodes were refused, and how to ask again. */
export interface FailedSearch {
  readonly diagnosis: Diagnosis;
  /** All filters of the profile for the pod on one node, in the state as it is now. */
  readonly ask: (node: NodeInfo) => Refusal | undefined;
  readonly random: () => number;
}

/** Scales scores so that the greatest is maxNodeScore; reversed: the smallest is best. */
export function normalizeToMax(scores: Float64Array, reverse: boolean): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  if (max === 0) {
    if (reverse) scores.fill(maxNodeScore);
    return;
  }
  for (let index = 0; index < scores.length; index++) {
    const scaled = Math.trunc((maxNodeScore * (scores[index] as number)) / max);
    scores[index] = reverse ? maxNodeScore - scaled : scaled;
  }
}
