import type { autoscalingv1, autoscalingv2, KubeObject } from '@navarch/api';
import type { VersionConversion } from '../served-resource';

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

function toStorage(old: Old): New {
  const annotations = { ...old.metadata.annotations };
  const others = take<autoscalingv2.MetricSpec[]>(annotations, METRICS) ?? [];
  const behavior = take<autoscalingv2.HorizontalPodAutoscalerBehavior>(annotations, BEHAVIOR);
  const currentMetrics = take<autoscalingv2.MetricStatus[]>(annotations, CURRENT_METRICS);
  const conditions = take<autoscalingv2.HorizontalPodAutoscalerCondition[]>(annotations, CONDITIONS);
  const { targetCPUUtilizationPercentage: target, ...spec } = old.spec ?? ({} as autoscalingv1.HorizontalPodAutoscalerSpec);
  const { currentCPUUtilizationPercentage: _, ...status } = old.status ?? ({ currentReplicas: 0, desiredReplicas: 0 });
  const cpu: autoscalingv2.MetricSpec[] = target === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }];
  const metrics = [...cpu, ...others];
  return withAnnotations({
    metadata: old.metadata,
    spec: { ...spec, ...(metrics.length > 0 ? { metrics } : {}), ...(behavior ? { behavior } : {}) },
    ...(old.status ? { status: { ...status, ...(currentMetrics ? { currentMetrics } : {}), ...(conditions ? { conditions } : {}) } } : {}),
  } as New, annotations);
}

function fromStorage(stored: New): Old {
  const annotations = { ...stored.metadata.annotations };
  const { metrics = [], behavior, ...spec } = stored.spec ?? ({} as autoscalingv2.HorizontalPodAutoscalerSpec);
  const { currentMetrics, conditions, ...status } = stored.status ?? ({ desiredReplicas: 0 } as autoscalingv2.HorizontalPodAutoscalerStatus);
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (behavior) annotations[BEHAVIOR] = JSON.stringify(behavior);
  if (currentMetrics && currentMetrics.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(currentMetrics);
  if (conditions && conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions);
  const target = cpu?.resource?.target.averageUtilization;
  const current = currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization;
  return withAnnotations({
    metadata: stored.metadata,
    spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { currentReplicas: 0, ...status, ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }) },
  } as Old, annotations);
}

/** autoscaling/v1 as upstream maps it onto v2. */
export const horizontalPodAutoscalerConversion: VersionConversion = {
  toStorage: (object) => toStorage(object as Old),
  fromStorage: (object) => fromStorage(object as New),
};
