import type { appsv1, KubeObject, ResourceType } from '@navarch/api';
import type { ControllerConfig } from '../../config';

export type Replicated = KubeObject & { readonly status?: object };

/** A kind that keeps a number of equal pods: ReplicaSets, and what can be read as if it were one. */
export interface ReplicatedKind<T extends Replicated> {
  /** Of the controller, in logs and metrics. */
  readonly name: string;
  /** Who speaks in its events. */
  readonly component: string;
  readonly type: ResourceType<T>;
  readonly asReplicaSet: (object: T) => appsv1.ReplicaSet;
  readonly withStatus: (object: T, status: appsv1.ReplicaSetStatus) => T;
  readonly workers: (config: ControllerConfig) => number;
}
