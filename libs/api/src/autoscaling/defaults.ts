import type { autoscalingv1, autoscalingv2 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

function scaleUpRules(): autoscalingv2.HPAScalingRules {
  return {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  };
}

function scaleDownRules(): autoscalingv2.HPAScalingRules {
  return { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
}

function mergeRules(defaults: autoscalingv2.HPAScalingRules, given: Loose<autoscalingv2.HPAScalingRules> | undefined): Loose<autoscalingv2.HPAScalingRules> {
  const merged: Loose<autoscalingv2.HPAScalingRules> = { ...defaults };
  for (const [field, value] of Object.entries(given ?? {})) if (value !== undefined) Object.assign(merged, { [field]: value });
  return merged;
}

export function defaultHorizontalPodAutoscaler(autoscaler: Loose<autoscalingv2.HorizontalPodAutoscaler>): void {
  const spec = (autoscaler.spec ??= {});
  (autoscaler.status ??= {}).desiredReplicas ??= 0;
  spec.minReplicas ??= 1;
  if (list(spec.metrics).length === 0)
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }];
  if (spec.behavior) {
    spec.behavior.scaleUp = mergeRules(scaleUpRules(), spec.behavior.scaleUp);
    spec.behavior.scaleDown = mergeRules(scaleDownRules(), spec.behavior.scaleDown);
  }
}

export function defaultHorizontalPodAutoscalerV1(autoscaler: Loose<autoscalingv1.HorizontalPodAutoscaler>): void {
  (autoscaler.spec ??= {}).minReplicas ??= 1;
  const status = (autoscaler.status ??= {});
  status.currentReplicas ??= 0;
  status.desiredReplicas ??= 0;
}

export function defaultScale(scale: Loose<autoscalingv1.Scale>): void {
  (scale.spec ??= {}).replicas ??= 0;
}

export const autoscalingDefaults: Defaulters = {
  'autoscaling/v1/HorizontalPodAutoscaler': defaulter(defaultHorizontalPodAutoscalerV1),
  'autoscaling/v1/Scale': defaulter(defaultScale),
  'autoscaling/v2/HorizontalPodAutoscaler': defaulter(defaultHorizontalPodAutoscaler),
};
