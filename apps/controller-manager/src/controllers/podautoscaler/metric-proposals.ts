import type { autoscalingv2, corev1 } from '@navarch/api';
import { formatLabelSelector, formatQuantity, parseQuantity, quantityOfMillis, quantityToMillis } from '@navarch/apimachinery';
import type { AnyResource } from '../../resource-types';
import { messageOf } from '../../errors';
import type { MetricsClient, PodMetrics } from './metrics-client';
import { forAverage, forRatio, forShare, forUtilization, type Measured, type Tolerances } from './replica-calculator';
import type { ReadinessRules } from './pod-groups';
import { selectorText } from './selector-text';

/** What is being scaled, as its metrics see it. */
export interface Target {
  readonly namespace: string;
  readonly selector: string;
  readonly pods: readonly corev1.Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly tolerances: Tolerances;
  readonly rules: ReadinessRules;
}

export interface MetricProposal {
  readonly replicas: number;
  /** As events name it. */
  readonly metric: string;
  readonly status: autoscalingv2.MetricStatus;
}

export interface MetricDoors {
  readonly metrics: MetricsClient;
  readonly resourceOf: (apiVersion: string, kind: string) => AnyResource | undefined;
}

/** The reason under which a metric's failure is told. */
export const failureReason = ({ type }: autoscalingv2.MetricSpec): string =>
  ['Object', 'Pods', 'Resource', 'ContainerResource', 'External'].includes(type) ? `FailedGet${type}Metric` : 'InvalidMetricSourceType';

/** What a metric's failure is called where the failures of all are told together. */
export function failureText(spec: autoscalingv2.MetricSpec, message: string): string {
  const { resource, containerResource, object, external } = spec;
  if (spec.type === 'Resource') return `failed to get ${resource?.name ?? ''} resource metric value: ${message}`;
  if (spec.type === 'ContainerResource') return `failed to get ${containerResource?.container ?? ''} container metric value: ${message}`;
  if (spec.type === 'Pods') return `failed to get pods metric value: ${message}`;
  if (spec.type === 'Object') return `failed to get object metric value: ${object?.target.type === 'AverageValue' ? `failed to get ${object.metric.name} object metric: ` : ''}${message}`;
  if (spec.type !== 'External') return message;
  const name = external?.metric.name ?? '';
  return `failed to get ${name} external metric value: ${external?.target.averageValue === undefined ? `failed to get external metric ${name}` : `failed to get ${name} external metric`}: ${message}`;
}

/** Memory is written as the metrics API writes it, in powers of two. */
const quantity = (milli: number, resource?: string): string => formatQuantity(quantityOfMillis(Math.floor(milli), resource === 'memory' ? 'BinarySI' : 'DecimalSI'));
const millis = (text: string | undefined): number | undefined => (text === undefined ? undefined : quantityToMillis(parseQuantity(text)));
const queryOf = ({ selector }: autoscalingv2.MetricIdentifier): string => {
  const text = formatLabelSelector(selector ?? {});
  return text === '<none>' ? '' : text;
};

/** How many replicas one metric asks for. @throws when it cannot be told, with words for a user */
export function proposeReplicas(spec: autoscalingv2.MetricSpec, target: Target, doors: MetricDoors, signal: AbortSignal): Promise<MetricProposal> {
  if (spec.type === 'Resource' && spec.resource !== undefined) return byResource(spec.resource, undefined, target, doors, signal);
  if (spec.type === 'ContainerResource' && spec.containerResource !== undefined) return byResource(spec.containerResource, spec.containerResource.container, target, doors, signal);
  if (spec.type === 'Pods' && spec.pods !== undefined) return byPods(spec.pods, target, doors, signal);
  if (spec.type === 'Object' && spec.object !== undefined) return byObject(spec.object, target, doors, signal);
  if (spec.type === 'External' && spec.external !== undefined) return byExternal(spec.external, target, doors, signal);
  return Promise.reject(new Error(`unknown metric source type "${spec.type}"`));
}

function measure(target: Target, metrics: PodMetrics, resource: string): Measured {
  return { current: target.specReplicas, pods: target.pods, metrics, resource, tolerances: target.tolerances, rules: target.rules };
}

async function byResource({ name, target: goal }: autoscalingv2.ResourceMetricSource, container: string | undefined, target: Target, { metrics }: MetricDoors, signal: AbortSignal): Promise<MetricProposal> {
  const { namespace, selector } = target;
  const wants = goal.averageValue === undefined ? 'utilization' : 'usage';
  if (goal.averageValue === undefined && goal.averageUtilization === undefined) {
    throw new Error('invalid resource metric source: neither an average utilization target nor an average value (usage) target was set');
  }
  try {
    const usage = await metrics.resource({ resource: name, namespace, selector, ...(container === undefined ? {} : { container }) }, signal).catch((error: unknown) => {
      throw new Error(`unable to get metrics for resource ${name}: ${messageOf(error)}`, { cause: error });
    });
    const measured = measure(target, usage, name);
    const targetMilli = millis(goal.averageValue);
    const what = container === undefined ? `${name} resource` : `${name} container resource`;
    const statusOf = (current: autoscalingv2.MetricValueStatus): autoscalingv2.MetricStatus =>
      container === undefined ? { type: 'Resource', resource: { name, current } } : { type: 'ContainerResource', containerResource: { name, container, current } };
    if (targetMilli !== undefined) {
      const { replicas, averageMilli } = forAverage(measured, targetMilli);
      return { replicas, metric: `${name} resource`, status: statusOf({ averageValue: quantity(averageMilli, name) }) };
    }
    const { replicas, averageMilli, percent } = forUtilization(measured, goal.averageUtilization ?? 0, container);
    return { replicas, metric: `${what} utilization (percentage of request)`, status: statusOf({ averageUtilization: percent, averageValue: quantity(averageMilli, name) }) };
  } catch (error) {
    throw new Error(`failed to get ${name} ${wants}: ${messageOf(error)}`, { cause: error });
  }
}

async function byPods({ metric, target: goal }: autoscalingv2.PodsMetricSource, target: Target, { metrics }: MetricDoors, signal: AbortSignal): Promise<MetricProposal> {
  const { namespace, selector } = target;
  const values = await metrics.pods({ metric: metric.name, namespace, selector, metricSelector: queryOf(metric) }, signal).catch((error: unknown) => {
    throw new Error(`unable to get metric ${metric.name}: ${messageOf(error)}`, { cause: error });
  });
  const { replicas, averageMilli } = forAverage(measure(target, values, ''), millis(goal.averageValue) ?? 0);
  return { replicas, metric: `pods metric ${metric.name}`, status: { type: 'Pods', pods: { metric, current: { averageValue: quantity(averageMilli) } } } };
}

async function byObject({ metric, target: goal, describedObject }: autoscalingv2.ObjectMetricSource, target: Target, { metrics, resourceOf }: MetricDoors, signal: AbortSignal): Promise<MetricProposal> {
  const { apiVersion = 'v1', kind, name } = describedObject;
  const type = resourceOf(apiVersion, kind);
  if (type === undefined) throw new Error(`unable to get metric ${metric.name}: ${kind} on ${target.namespace} ${name}/no matches for kind "${kind}" in version "${apiVersion}"`);
  const of = { resource: type.group === '' ? type.resource : `${type.resource}.${type.group}`, name, namespaced: type.namespaced };
  const value = await metrics.object({ metric: metric.name, namespace: target.namespace, of, metricSelector: queryOf(metric) }, signal).catch((error: unknown) => {
    throw new Error(`unable to get metric ${metric.name}: ${kind} on ${target.namespace} ${name}/${messageOf(error)}`, { cause: error });
  });
  const status = (current: autoscalingv2.MetricValueStatus): autoscalingv2.MetricStatus => ({ type: 'Object', object: { metric, describedObject, current } });
  // Upstream calls an object's metric external where its pods share it.
  const title = goal.averageValue === undefined ? `${kind} metric ${metric.name}` : `external metric ${metric.name}(${selectorText(metric.selector)})`;
  return oneValue(value, goal, target, title, 'object', status);
}

async function byExternal({ metric, target: goal }: autoscalingv2.ExternalMetricSource, target: Target, { metrics }: MetricDoors, signal: AbortSignal): Promise<MetricProposal> {
  const series = await metrics.external({ metric: metric.name, namespace: target.namespace, metricSelector: queryOf(metric) }, signal).catch((error: unknown) => {
    throw new Error(`unable to get external metric ${target.namespace}/${metric.name}/${selectorText(metric.selector)}: ${messageOf(error)}`, { cause: error });
  });
  const sum = series.reduce((total, value) => total + value, 0);
  return oneValue(sum, goal, target, `external metric ${metric.name}(${selectorText(metric.selector)})`, 'external', (current) => ({ type: 'External', external: { metric, current } }));
}

/** A value that belongs to no pod: shared by all of them, or compared as a whole. */
function oneValue(
  value: number,
  goal: autoscalingv2.MetricTarget,
  target: Target,
  metric: string,
  source: 'external' | 'object',
  status: (current: autoscalingv2.MetricValueStatus) => autoscalingv2.MetricStatus,
): MetricProposal {
  const averageMilli = millis(goal.averageValue);
  if (averageMilli !== undefined) {
    const share = forShare(target.statusReplicas, value, averageMilli, target.tolerances);
    return { replicas: share.replicas, metric, status: status({ averageValue: quantity(share.averageMilli) }) };
  }
  const wholeMilli = millis(goal.value);
  if (wholeMilli === undefined || wholeMilli === 0) {
    throw new Error(`invalid ${source} metric source: neither a value target nor an average value target was set`);
  }
  return { replicas: forRatio(target.specReplicas, value / wholeMilli, target.tolerances, target.pods), metric, status: status({ value: quantity(value) }) };
}
