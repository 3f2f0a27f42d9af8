/**
 * kube-apiserver, kube-controller-manager and kube-scheduler 1.20.2 with etcd 3.4, measured once on another two-core machine (see
 * docs/architecture.md). Not of this run, so no ratio is made from them.
 */
export interface UpstreamFigure {
  readonly value: number;
  readonly unit: '/s' | 'ms' | 's' | 'MiB';
}

export const upstreamFigures = {
  creates: { value: 950, unit: '/s' },
  gets: { value: 2_800, unit: '/s' },
  listP50: { value: 410, unit: 'ms' },
  watchEvents: { value: 24_000, unit: '/s' },
  bind: { value: 135, unit: '/s' },
  startUp: { value: 4.4, unit: 's' },
  podStart: { value: 1_510, unit: 'ms' },
  idleMemory: { value: 510, unit: 'MiB' },
  peakMemory: { value: 1_270, unit: 'MiB' },
} as const satisfies Record<string, UpstreamFigure>;
