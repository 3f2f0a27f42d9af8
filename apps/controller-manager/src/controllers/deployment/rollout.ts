import type { appsv1, corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { sameTemplate } from '@navarch/reconcile';
import { DESIRED_REPLICAS, MAX_REPLICAS, withAnnotations } from './annotations';
import { maxSurge, replicasOf } from './limits';

/** What the controller knows when it decides. */
export interface Observed {
  readonly deployment: appsv1.Deployment;
  /** Those it owns. */
  readonly replicaSets: readonly appsv1.ReplicaSet[];
  /** The pods of each, by the ReplicaSet's uid. */
  readonly pods: ReadonlyMap<string, readonly corev1.Pod[]>;
  readonly nowMs: number;
}

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export type Action =
  | { readonly kind: 'createReplicaSet'; readonly replicaSet: appsv1.ReplicaSet; readonly event?: PlannedEvent }
  | { readonly kind: 'updateReplicaSet'; readonly replicaSet: appsv1.ReplicaSet; readonly event?: PlannedEvent }
  | { readonly kind: 'deleteReplicaSet'; readonly replicaSet: appsv1.ReplicaSet }
  /** The Deployment with its new status, and the revision among its annotations. */
  | { readonly kind: 'updateStatus'; readonly deployment: appsv1.Deployment }
  | { readonly kind: 'event'; readonly event: PlannedEvent };

export const byCreation = (a: appsv1.ReplicaSet, b: appsv1.ReplicaSet): number => {
  const difference = Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '');
  return difference !== 0 && !Number.isNaN(difference) ? difference : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
};

export const isActive = (replicaSet: appsv1.ReplicaSet): boolean => replicasOf(replicaSet) > 0;

export const totalReplicas = (replicaSets: readonly appsv1.ReplicaSet[]): number => replicaSets.reduce((sum, replicaSet) => sum + replicasOf(replicaSet), 0);

export const totalAvailable = (replicaSets: readonly appsv1.ReplicaSet[]): number => replicaSets.reduce((sum, { status }) => sum + (status?.availableReplicas ?? 0), 0);

/**
 * A roll-out being planned: the ReplicaSets as they will be after the changes planned so far, so that each rule sees
 * what those before it decided.
 */
export class Rollout {
  readonly deployment: appsv1.Deployment;
  readonly pods: Observed['pods'];
  readonly now: string;
  readonly nowMs: number;
  conditions: appsv1.DeploymentCondition[];
  revision: string | undefined;
  #newReplicaSet: appsv1.ReplicaSet | undefined;
  #oldReplicaSets: appsv1.ReplicaSet[];
  #created = false;
  readonly #changed = new Map<appsv1.ReplicaSet, PlannedEvent | undefined>();
  readonly #deleted: appsv1.ReplicaSet[] = [];

  constructor({ deployment, replicaSets, pods, nowMs }: Observed) {
    this.deployment = deployment;
    this.pods = pods;
    this.nowMs = nowMs;
    this.now = formatTime(nowMs);
    this.conditions = [...(deployment.status?.conditions ?? [])];
    const sorted = [...replicaSets].sort(byCreation);
    // The oldest of equals, so that all agree even if several were made.
    this.#newReplicaSet = sorted.find((replicaSet) => sameTemplate(replicaSet.spec?.template, deployment.spec?.template));
    this.#oldReplicaSets = sorted.filter((replicaSet) => replicaSet !== this.#newReplicaSet);
  }

  /** The one of the present template, if there is one. */
  get newReplicaSet(): appsv1.ReplicaSet | undefined {
    return this.#newReplicaSet;
  }

  /** All others, oldest first. */
  get oldReplicaSets(): readonly appsv1.ReplicaSet[] {
    return this.#oldReplicaSets;
  }

  get replicaSets(): appsv1.ReplicaSet[] {
    return this.#newReplicaSet === undefined ? [...this.#oldReplicaSets] : [...this.#oldReplicaSets, this.#newReplicaSet];
  }

  create(replicaSet: appsv1.ReplicaSet): void {
    this.#newReplicaSet = replicaSet;
    this.#created = true;
  }

  /** Plans a change; answers with the ReplicaSet that takes the old one's place. */
  change(replicaSet: appsv1.ReplicaSet, next: appsv1.ReplicaSet, event?: PlannedEvent): appsv1.ReplicaSet {
    const earlier = this.#changed.get(replicaSet);
    this.#changed.delete(replicaSet);
    if (!(this.#created && replicaSet === this.#newReplicaSet)) this.#changed.set(next, event ?? earlier);
    if (replicaSet === this.#newReplicaSet) this.#newReplicaSet = next;
    else this.#oldReplicaSets = this.#oldReplicaSets.map((old) => (old === replicaSet ? next : old));
    return next;
  }

  /** Plans a size, and notes the Deployment's own size on the ReplicaSet. True if the size changes. */
  scale(replicaSet: appsv1.ReplicaSet, to: number): boolean {
    const from = replicasOf(replicaSet);
    const annotations = withAnnotations(replicaSet.metadata.annotations ?? {}, scaleAnnotations(this.deployment));
    if (from === to && annotations === replicaSet.metadata.annotations) return false;
    const next: appsv1.ReplicaSet = { ...replicaSet, metadata: { ...replicaSet.metadata, annotations: { ...annotations } }, spec: { ...replicaSet.spec, replicas: to } as appsv1.ReplicaSetSpec };
    this.change(replicaSet, next, from === to ? undefined : scaledEvent(next, from, to));
    return from !== to;
  }

  delete(replicaSet: appsv1.ReplicaSet): void {
    this.#deleted.push(replicaSet);
  }

  /** What was planned for ReplicaSets, in the order to do it. */
  actions(): Action[] {
    const created = this.#created ? this.#newReplicaSet : undefined;
    const actions: Action[] = [];
    if (created !== undefined) {
      const size = replicasOf(created);
      actions.push({ kind: 'createReplicaSet', replicaSet: created, ...(size > 0 ? { event: scaledEvent(created, 0, size) } : {}) });
    }
    for (const [replicaSet, event] of this.#changed) actions.push({ kind: 'updateReplicaSet', replicaSet, ...(event === undefined ? {} : { event }) });
    for (const replicaSet of this.#deleted) actions.push({ kind: 'deleteReplicaSet', replicaSet });
    return actions;
  }
}

/** The size of the Deployment at the time its ReplicaSets are scaled: by it a later change of size is noticed. */
export function scaleAnnotations(deployment: appsv1.Deployment): Record<string, string> {
  const desired = replicasOf(deployment);
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + maxSurge(deployment)) };
}

function scaledEvent(replicaSet: appsv1.ReplicaSet, from: number, to: number): PlannedEvent {
  const direction = to > from ? 'up' : 'down';
  return { type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled ${direction} replica set ${replicaSet.metadata.name ?? ''} from ${from} to ${to}` };
}
