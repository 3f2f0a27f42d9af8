/** A pod's metric, in thousandths. */
export interface PodMetric {
  readonly milli: number;
  readonly timestampMs: number;
  /** How long it was measured. */
  readonly windowMs: number;
}

/** By the pod's name. */
export type PodMetrics = Map<string, PodMetric>;

/** What autoscalers measure by. All failures are errors that a user can read. */
export interface MetricsClient {
  /** metrics.k8s.io: of whole pods, or of one container of each. */
  resource(
    request: { readonly resource: string; readonly namespace: string; readonly selector: string; readonly container?: string },
    signal: AbortSignal,
  ): Promise<PodMetrics>;
  /** custom.metrics.k8s.io, of pods. */
  pods(
    request: { readonly metric: string; readonly namespace: string; readonly selector: string; readonly metricSelector: string },
    signal: AbortSignal,
  ): Promise<PodMetrics>;
  /** custom.metrics.k8s.io, of one object: thousandths. */
  object(
    request: {
      readonly metric: string;
      readonly namespace: string;
      readonly of: { readonly resource: string; readonly name: string; readonly namespaced: boolean };
      readonly metricSelector: string;
    },
    signal: AbortSignal,
  ): Promise<number>;
  /** external.metrics.k8s.io: thousandths, one for each series. */
  external(request: { readonly metric: string; readonly namespace: string; readonly metricSelector: string }, signal: AbortSignal): Promise<number[]>;
}
