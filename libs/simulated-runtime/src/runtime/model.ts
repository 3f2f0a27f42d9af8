import { type runtimev1 } from '@navarch/proto';

import type { Behaviour } from './behaviour';

/** A simulated sandbox. Times are milliseconds since the epoch. */
export interface SandboxRecord {
  readonly id: string;
  readonly config: runtimev1.PodSandboxConfig;
  readonly runtimeHandler: string;
  readonly createdAt: number;
  /** Empty for a pod in the node's network namespace. */
  readonly ip: string;
  ready: boolean;
}

export type ContainerPhase = 'created' | 'running' | 'exited';

/** A simulated container. */
export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  config: runtimev1.ContainerConfig;
  readonly imageId: string;
  readonly imageReference: string;
  readonly logPath: string;
  readonly behaviour: Behaviour;
  readonly createdAt: number;
  phase: ContainerPhase;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
}
