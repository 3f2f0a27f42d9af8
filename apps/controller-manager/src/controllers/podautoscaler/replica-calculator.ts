import type { corev1 } from '@navarch/api';
import { parseQuantity, quantityToMillis } from '@navarch/apimachinery';
import { isPodReady } from '@navarch/reconcile';
import type { PodMetrics } from './metrics-client';
import { groupPods, type PodGroups, type ReadinessRules } from './pod-groups';

/** How far the ratio of use to target may be from 1 before anything is done. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

export interface Measured {
  readonly current: number;
  readonly pods: readonly corev1.Pod[];
  readonly metrics: PodMetrics;
  /** `cpu` waits for pods to have started; empty for metrics of other kinds. */
  readonly resource: string;
  readonly tolerances: Tolerances;
  readonly rules: ReadinessRules;
}

export interface Proposal {
  readonly replicas: number;
  /** Average use by pod, in thousandths. */
  readonly averageMilli: number;
}

const NO_PODS = 'no pods returned by selector while calculating replica count';

const isWithin = (ratio: number, { up, down }: Tolerances): boolean => 1 - down <= ratio && ratio <= 1 + up;

/** Replicas for a target in percent of what pods request. */
export function forUtilization(measured: Measured, targetPercent: number, container?: string): Proposal & { readonly percent: number } {
  const { metrics, groups } = relevant(measured);
  const requests = requestsOf(measured.pods, measured.resource, container);
  const before = utilization(metrics, requests, targetPercent);
  const high = (name: string): number => ((requests.get(name) ?? 0) * Math.max(100, targetPercent)) / 100;
  const replicas = settle({ measured, groups, metrics, before: before.ratio, ratioOf: (all) => utilization(all, requests, targetPercent).ratio, guess: (name, ratio) => (ratio < 1 ? high(name) : ratio > 1 ? 0 : undefined) });
  return { replicas, averageMilli: before.averageMilli, percent: before.percent };
}

/** Replicas for a target by pod, in thousandths. */
export function forAverage(measured: Measured, targetMilli: number): Proposal {
  const { metrics, groups } = relevant(measured);
  const average = (all: PodMetrics): number => Math.floor(totalOf(all) / all.size);
  const averageMilli = average(metrics);
  const replicas = settle({ measured, groups, metrics, before: averageMilli / targetMilli, ratioOf: (all) => average(all) / targetMilli, guess: (_, ratio) => (ratio < 1 ? targetMilli : 0) });
  return { replicas, averageMilli };
}

/** Replicas for the ratio of one value to its target, when that value does not belong to single pods. */
export function forRatio(current: number, ratio: number, tolerances: Tolerances, pods: readonly corev1.Pod[]): number {
  if (current === 0) return Math.ceil(ratio);
  if (isWithin(ratio, tolerances)) return current;
  if (pods.length === 0) throw new Error(`unable to calculate ready pods: ${NO_PODS}`);
  return Math.ceil(ratio * pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length);
}

/** Replicas for one value that is shared by all pods. */
export function forShare(statusReplicas: number, usageMilli: number, targetMilli: number, tolerances: Tolerances): Proposal {
  const isFine = statusReplicas > 0 && isWithin(usageMilli / (targetMilli * statusReplicas), tolerances);
  return { replicas: isFine ? statusReplicas : Math.ceil(usageMilli / targetMilli), averageMilli: statusReplicas === 0 ? 0 : Math.ceil(usageMilli / statusReplicas) };
}

function relevant({ pods, metrics, resource, rules }: Measured): { metrics: PodMetrics; groups: PodGroups } {
  if (pods.length === 0) throw new Error(NO_PODS);
  const groups = groupPods(pods, metrics, resource, rules);
  const kept: PodMetrics = new Map(metrics);
  for (const name of [...groups.ignored, ...groups.unready]) kept.delete(name);
  if (kept.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  return { metrics: kept, groups };
}

interface Settling {
  readonly measured: Measured;
  readonly groups: PodGroups;
  readonly metrics: PodMetrics;
  readonly before: number;
  readonly ratioOf: (metrics: PodMetrics) => number;
  /** What a pod without a metric is taken to use at this ratio: much when fewer would do, else nothing; undefined: it is left out. At exactly 1 averages count it, shares do not, as upstream. */
  readonly guess: (pod: string, ratio: number) => number | undefined;
}

/** Where pods are missing or not ready the careful guess counts: they use much when fewer would do, nothing when more are needed. */
function settle({ measured: { current, tolerances }, groups, metrics, before, ratioOf, guess }: Settling): number {
  const upWithUnready = groups.unready.length > 0 && before > 1;
  if (!upWithUnready && groups.missing.length === 0) return isWithin(before, tolerances) ? current : Math.ceil(before * groups.ready);
  const all: PodMetrics = new Map(metrics);
  const assume = (name: string, milli: number): unknown => all.set(name, { milli, timestampMs: 0, windowMs: 0 });
  for (const name of groups.missing) {
    const milli = guess(name, before);
    if (milli !== undefined) assume(name, milli);
  }
  if (upWithUnready) for (const name of groups.unready) assume(name, 0);
  const ratio = ratioOf(all);
  // Too little to act on, or the guesses alone would turn the direction.
  if (isWithin(ratio, tolerances) || (before < 1 && ratio > 1) || (before > 1 && ratio < 1)) return current;
  const replicas = Math.ceil(ratio * all.size);
  return (ratio < 1 && replicas > current) || (ratio > 1 && replicas < current) ? current : replicas;
}

const totalOf = (metrics: PodMetrics): number => [...metrics.values()].reduce((sum, { milli }) => sum + milli, 0);

function utilization(metrics: PodMetrics, requests: ReadonlyMap<string, number>, targetPercent: number): { ratio: number; percent: number; averageMilli: number } {
  const known = new Map([...metrics].filter(([name]) => requests.has(name)));
  const requested = [...known.keys()].reduce((sum, name) => sum + (requests.get(name) ?? 0), 0);
  if (known.size === 0 || requested === 0) throw new Error('no metrics returned matched known pods');
  const percent = Math.floor((totalOf(known) * 100) / requested);
  return { ratio: percent / targetPercent, percent, averageMilli: Math.floor(totalOf(known) / known.size) };
}

/** What each pod requests, in thousandths. @throws for a pod that requests none, or has no such container: it has no percentage */
function requestsOf(pods: readonly corev1.Pod[], resource: string, container?: string): Map<string, number> {
  return new Map(pods.map(({ metadata, spec }) => {
    const wholePod = container === undefined ? spec?.resources?.requests?.[resource] : undefined;
    if (wholePod !== undefined) return [metadata.name ?? '', quantityToMillis(parseQuantity(wholePod))];
    const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    const counted = [...(spec?.containers ?? []), ...sidecars].filter(({ name }) => container === undefined || name === container);
    if (container !== undefined && counted.length === 0) throw new Error(`container ${container} not found in Pod ${metadata.name ?? ''}`);
    const total = counted.reduce((sum, { name, resources }) => {
      const request = resources?.requests?.[resource];
      if (request === undefined) throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name ?? ''}`);
      return sum + quantityToMillis(parseQuantity(request));
    }, 0);
    return [metadata.name ?? '', total];
  }));
}
