import type { autoscalingv2 } from '@navarch/api';

type Rules = autoscalingv2.HPAScalingRules;

/** What the autoscaler remembers: what it recommended, and how it changed the size. */
export interface Memory {
  readonly recommendations: readonly { readonly atMs: number; readonly replicas: number }[];
  readonly ups: readonly { readonly atMs: number; readonly by: number }[];
  readonly downs: readonly { readonly atMs: number; readonly by: number }[];
}

export const noMemory: Memory = { recommendations: [], ups: [], downs: [] };

export interface Wish {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly nowMs: number;
  readonly memory: Memory;
  /** Of --horizontal-pod-autoscaler-downscale-stabilization. */
  readonly downscaleWindowMs: number;
}

export interface Limit {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

const WITHIN: Omit<Limit, 'replicas'> = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_MANY: Omit<Limit, 'replicas'> = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
const TOO_FEW: Omit<Limit, 'replicas'> = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
const TOO_FAST_UP: Omit<Limit, 'replicas'> = { reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' };
const TOO_FAST_DOWN: Omit<Limit, 'replicas'> = { reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' };
const UP_HELD: Omit<Limit, 'replicas'> = { reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation' };
const DOWN_HELD: Omit<Limit, 'replicas'> = { reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation' };
const READY: Omit<Limit, 'replicas'> = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };

const UP_POLICIES: autoscalingv2.HPAScalingPolicy[] = [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }];
const DOWN_POLICIES: autoscalingv2.HPAScalingPolicy[] = [{ type: 'Percent', value: 100, periodSeconds: 15 }];

/** The wish with short-lived changes of it taken out. */
export function stabilized(wish: Wish, behavior: autoscalingv2.HorizontalPodAutoscalerBehavior | undefined): Limit {
  const { current, desired, memory, nowMs, downscaleWindowMs } = wish;
  const downMs = behavior?.scaleDown?.stabilizationWindowSeconds === undefined ? downscaleWindowMs : behavior.scaleDown.stabilizationWindowSeconds * 1000;
  const highest = Math.max(desired, ...memory.recommendations.filter(({ atMs }) => atMs > nowMs - downMs).map(({ replicas }) => replicas));
  if (behavior === undefined) return highest === desired ? { replicas: desired, ...READY } : { replicas: highest, ...DOWN_HELD };
  const upMs = (behavior.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
  const lowest = Math.min(desired, ...memory.recommendations.filter(({ atMs }) => atMs > nowMs - upMs).map(({ replicas }) => replicas));
  const replicas = Math.min(Math.max(current, lowest), highest);
  if (replicas === desired) return { replicas, ...READY };
  return { replicas, ...(desired >= current ? UP_HELD : DOWN_HELD) };
}

/** The wish within the bounds, and no faster than allowed. */
export function limited(wish: Wish, behavior: autoscalingv2.HorizontalPodAutoscalerBehavior | undefined): Limit {
  const { current, desired, min, max, memory, nowMs } = wish;
  if (behavior === undefined) return limitedByDefault(wish);
  if (desired > current) {
    const limit = Math.max(current, upLimit(current, behavior.scaleUp, memory, nowMs));
    const most = Math.min(max, limit);
    return desired > most ? { replicas: most, ...(max > limit ? TOO_FAST_UP : TOO_MANY) } : { replicas: desired, ...WITHIN };
  }
  if (desired < current) {
    const limit = Math.min(current, downLimit(current, behavior.scaleDown, memory, nowMs));
    const fewest = Math.max(min, limit);
    return desired < fewest ? { replicas: fewest, ...(min < limit ? TOO_FAST_DOWN : TOO_FEW) } : { replicas: desired, ...WITHIN };
  }
  return { replicas: desired, ...WITHIN };
}

/** Without rules: at most twice as many, or four. */
function limitedByDefault({ current, desired, min, max }: Wish): Limit {
  const limit = Math.max(2 * current, 4);
  const most = Math.min(max, limit);
  if (desired < min) return { replicas: min, ...TOO_FEW };
  return desired > most ? { replicas: most, ...(max > limit ? TOO_FAST_UP : TOO_MANY) } : { replicas: desired, ...WITHIN };
}

const changeSince = (changes: Memory['ups'], atMs: number): number => changes.filter((change) => change.atMs > atMs).reduce((sum, { by }) => sum + by, 0);

function upLimit(current: number, { selectPolicy, policies = UP_POLICIES }: Rules = {}, { ups, downs }: Memory, nowMs: number): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const since = nowMs - periodSeconds * 1000;
    const before = current - changeSince(ups, since) + changeSince(downs, since);
    return type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100));
  });
  return selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, { selectPolicy, policies = DOWN_POLICIES }: Rules = {}, { ups, downs }: Memory, nowMs: number): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const since = nowMs - periodSeconds * 1000;
    const before = current - changeSince(ups, since) + changeSince(downs, since);
    return type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100));
  });
  // The least change is the highest number here.
  return selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** The memory without what no window or period reaches any more. */
export function remembered(memory: Memory, behavior: autoscalingv2.HorizontalPodAutoscalerBehavior | undefined, downscaleWindowMs: number, nowMs: number): Memory {
  const rules = [behavior?.scaleUp, behavior?.scaleDown];
  const windows = rules.map((one) => (one?.stabilizationWindowSeconds ?? 0) * 1000);
  const periods = rules.flatMap((one) => (one?.policies ?? UP_POLICIES).map(({ periodSeconds }) => periodSeconds * 1000));
  const recent = <T extends { atMs: number }>(items: readonly T[], forMs: number): T[] => items.filter(({ atMs }) => atMs > nowMs - forMs);
  return {
    recommendations: recent(memory.recommendations, Math.max(downscaleWindowMs, ...windows)),
    ups: recent(memory.ups, Math.max(...periods)),
    downs: recent(memory.downs, Math.max(...periods)),
  };
}
