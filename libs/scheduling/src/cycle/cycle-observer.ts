import type { FlushReason } from './score-reuse';

/** Points of a cycle whose duration is told, by upstream's names. */
export type MeasuredPoint = 'PreFilter' | 'Filter' | 'PostFilter' | 'PreScore' | 'Score' | 'Reserve' | 'Permit' | 'PreBind' | 'Bind' | 'PostBind';

/** How it came out, by upstream's names. */
export type PointStatus = 'Success' | 'Error' | 'Skip' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Wait';

/** By upstream's names. */
export type ReuseResult = 'hint_used' | 'hint_not_used' | 'no_hint';

/** Who wants to know how long the parts of a cycle take. It brings the clock: a cycle has none. */
export interface CycleObserver {
  /** Milliseconds on any scale. */
  readonly now: () => number;
  /** All plug-ins of a point have been asked. */
  point(point: MeasuredPoint, milliseconds: number, status: PointStatus): void;
  /** A plug-in had something to say of this pod. */
  evaluated(plugin: string, point: MeasuredPoint): void;
  /** Whether what the cycle before found told where the pod goes, or why it was of no use; without a reason there was nothing. */
  reuse?(result: ReuseResult, flushed?: FlushReason): void;
  /** How long the question took where the pod goes by what the cycle before found; undefined in cycles that are not sampled. */
  readonly hinted?: ((given: boolean, milliseconds: number) => void) | undefined;
  /** What one plug-in took; undefined in cycles that are not sampled. Of Filter only the first node of a cycle is measured. */
  readonly plugin?: ((plugin: string, point: MeasuredPoint, milliseconds: number, status: PointStatus) => void) | undefined;
}

/** Times one call of a plug-in, where that is wanted. */
export function observed<T>(observer: CycleObserver | undefined, plugin: string, point: MeasuredPoint, call: () => T, statusOf: (result: T) => PointStatus): T {
  if (observer?.plugin === undefined) return call();
  const started = observer.now();
  const result = call();
  observer.plugin(plugin, point, observer.now() - started, statusOf(result));
  return result;
}
