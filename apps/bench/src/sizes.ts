/** How much each scenario does. */
export interface Sizes {
  /** `toolSeconds`: how long a load generator that is no part of this project, such as wrk, puts the same load. */
  readonly creates: { readonly clients: number; readonly count: number; readonly warmUp: number; readonly toolSeconds: number };
  readonly gets: { readonly clients: number; readonly count: number; readonly warmUp: number; readonly toolSeconds: number };
  readonly lists: { readonly clients: number; readonly pods: number; readonly count: number; readonly warmUp: number };
  readonly watch: { readonly watchers: number; readonly updates: number; readonly writers: number; readonly warmUp: number };
  readonly bind: { readonly nodes: number; readonly pods: number; readonly clients: number; readonly warmUp: number };
  /** `placed` is how many pods each node has before, in the second measurement. */
  readonly scheduler: { readonly nodes: readonly number[]; readonly decisions: number; readonly placed: number };
  readonly dns: { readonly services: number; readonly questions: number; readonly clients: number };
  readonly proxy: { readonly services: number; readonly changes: number };
  readonly startUps: number;
  /** Pods with real containers. */
  readonly podStarts: number;
  /** A node with as many real containers, left alone for so long; then some of them end. */
  readonly fullNode: { readonly pods: number; readonly idleSeconds: number; readonly ends: number };
  /** Simulated nodes in one process, left alone for so long before its memory is read. */
  readonly manyNodes: { readonly nodes: number; readonly idleSeconds: number };
  /** Pods of a Deployment that is scaled up from nothing. */
  readonly scaleUp: number;
  /** How long the control plane is left alone before its memory is read. */
  readonly idleSeconds: number;
}

/** Those of docs/architecture.md, so that figures can be compared. */
export const fullSizes: Sizes = {
  creates: { clients: 32, count: 10_000, warmUp: 2_000, toolSeconds: 5 },
  gets: { clients: 32, count: 40_000, warmUp: 5_000, toolSeconds: 5 },
  lists: { clients: 2, pods: 5_000, count: 60, warmUp: 6 },
  watch: { watchers: 100, updates: 500, writers: 16, warmUp: 5_000 },
  bind: { nodes: 1_000, pods: 5_000, clients: 32, warmUp: 500 },
  scheduler: { nodes: [100, 1_000, 5_000], decisions: 5_000, placed: 20 },
  dns: { services: 100, questions: 100_000, clients: 64 },
  proxy: { services: 10_000, changes: 50 },
  startUps: 3,
  podStarts: 50,
  fullNode: { pods: 100, idleSeconds: 60, ends: 20 },
  manyNodes: { nodes: 1_000, idleSeconds: 60 },
  scaleUp: 1_000,
  idleSeconds: 15,
};

/** Whether it works at all, in seconds; the figures mean little. */
export const quickSizes: Sizes = {
  creates: { clients: 4, count: 60, warmUp: 10, toolSeconds: 1 },
  gets: { clients: 4, count: 200, warmUp: 20, toolSeconds: 1 },
  lists: { clients: 2, pods: 50, count: 6, warmUp: 2 },
  watch: { watchers: 5, updates: 20, writers: 4, warmUp: 20 },
  bind: { nodes: 10, pods: 40, clients: 4, warmUp: 5 },
  scheduler: { nodes: [100], decisions: 200, placed: 2 },
  dns: { services: 5, questions: 200, clients: 4 },
  proxy: { services: 50, changes: 5 },
  startUps: 1,
  podStarts: 3,
  fullNode: { pods: 5, idleSeconds: 2, ends: 3 },
  manyNodes: { nodes: 5, idleSeconds: 2 },
  scaleUp: 20,
  idleSeconds: 1,
};
