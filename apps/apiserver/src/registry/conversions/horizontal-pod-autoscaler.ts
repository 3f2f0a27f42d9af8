import type { autoscalingv1, autoscalingv2, KubeObject } from '@navarch/api';
import type { DirectConversion } from '../served-resource';

type Old = autoscalingv1.HorizontalPodAutoscaler;
type New = autoscalingv2.HorizontalPodAutoscaler;

/** Annotations in which v1 carries what it has no fields for; upstream's names. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';

const isCpuUtilization = (metric: autoscalingv2.MetricSpec): boolean => metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined;

/** Takes an annotation's JSON out; one that is not JSON is dropped, as upstream drops it. */
function take<T>(annotations: Record<string, string>, name: string): T | undefined {
  const text = annotations[name];
  delete annotations[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function withAnnotations<T extends KubeObject>(object: T, annotations: Record<string, string>): T {
  if (Object.keys(annotations).length > 0) object.metadata.annotations = annotations;
  else delete object.metadata.annotations;
  return object;
}

const cpuSpec = (target: number): autoscalingv2.MetricSpec => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } });

/** What is stored has the defaults of v2, to which no metric at all means the CPU (pkg/apis/autoscaling/v2/defaults.go). */
const DEFAULT_TARGET = 80;

const cpuStatus = (current: number): autoscalingv2.MetricStatus => ({ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } });

/** A list that is left out when it is empty. */
const some = <K extends string, T>(name: K, items: readonly T[]): Partial<Record<K, T[]>> => (items.length === 0 ? {} : ({ [name]: [...items] } as Record<K, T[]>));

function toStorage(old: Old): New {
  const annotations = { ...old.metadata.annotations };
  const others = take<autoscalingv2.MetricSpec[]>(annotations, METRICS) ?? [];
  const behavior = take<autoscalingv2.HorizontalPodAutoscalerBehavior>(annotations, BEHAVIOR);
  const otherCurrent = take<autoscalingv2.MetricStatus[]>(annotations, CURRENT_METRICS) ?? [];
  const conditions = take<autoscalingv2.HorizontalPodAutoscalerCondition[]>(annotations, CONDITIONS) ?? [];
  const { targetCPUUtilizationPercentage: target, ...spec } = old.spec;
  const object: New = {
    metadata: old.metadata,
    spec: { ...spec, metrics: target !== undefined ? [cpuSpec(target), ...others] : others.length > 0 ? others : [cpuSpec(DEFAULT_TARGET)], ...(behavior ? { behavior } : {}) },
  };
  if (old.status) {
    const { currentCPUUtilizationPercentage: current, ...status } = old.status;
    object.status = { ...status, ...some('currentMetrics', current === undefined ? otherCurrent : [cpuStatus(current), ...otherCurrent]), ...some('conditions', conditions) };
  }
  return withAnnotations(object, annotations);
}

function fromStorage(stored: New): Old {
  const annotations = { ...stored.metadata.annotations };
  const { metrics = [], behavior, ...spec } = stored.spec;
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  const target = cpu?.resource?.target.averageUtilization;
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (behavior) annotations[BEHAVIOR] = JSON.stringify(behavior);
  const object: Old = { metadata: stored.metadata, spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) } };
  if (stored.status) {
    const { currentMetrics = [], conditions = [], ...status } = stored.status;
    const current = currentMetrics.find(({ resource }) => resource?.name === 'cpu' && resource.current.averageUtilization !== undefined);
    const rest = currentMetrics.filter((metric) => metric !== current);
    if (rest.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(rest);
    if (conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions);
    const percentage = current?.resource?.current.averageUtilization;
    object.status = { currentReplicas: 0, ...status, ...(percentage === undefined ? {} : { currentCPUUtilizationPercentage: percentage }) };
  }
  return withAnnotations(object, annotations);
}

/** autoscaling/v1 as upstream maps it onto v2. */
export const horizontalPodAutoscalerConversion: DirectConversion = {
  toStorage: (object) => toStorage(object as Old),
  fromStorage: (object) => fromStorage(object as New),
};
