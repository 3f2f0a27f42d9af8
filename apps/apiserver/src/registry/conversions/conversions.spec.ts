import type { autoscalingv1, KubeObject } from '@navarch/api';
import { eventConversion } from './event';
import { horizontalPodAutoscalerConversion } from './horizontal-pod-autoscaler';

describe('autoscaling/v1', () => {
  const old: autoscalingv1.HorizontalPodAutoscaler = {
    metadata: { name: 'web', annotations: { mine: 'stays' } },
    spec: { maxReplicas: 5, minReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }, targetCPUUtilizationPercentage: 80 },
    status: { currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 91 },
  };

  it('is v2 with a metric for the CPU', () => {
    expect(horizontalPodAutoscalerConversion.toStorage(structuredClone(old))).toMatchObject({
      spec: { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] },
      status: { currentMetrics: [{ resource: { current: { averageUtilization: 91 } } }] },
    });
  });

  it('comes back as it was', () => {
    expect(horizontalPodAutoscalerConversion.fromStorage(horizontalPodAutoscalerConversion.toStorage(structuredClone(old)))).toEqual(old);
  });

  it('carries in annotations what it has no fields for', () => {
    const stored = {
      metadata: { name: 'web' },
      spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web' }, metrics: [{ type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } } }] },
    } as KubeObject;
    const served = horizontalPodAutoscalerConversion.fromStorage(structuredClone(stored));
    expect(served.metadata.annotations).toHaveProperty(['autoscaling.alpha.kubernetes.io/metrics']);
    expect(horizontalPodAutoscalerConversion.toStorage(served)).toEqual(stored);
  });
});

describe('events.k8s.io', () => {
  it('names the same fields otherwise', () => {
    const served = { metadata: { name: 'e' }, note: 'hello', regarding: { kind: 'Pod', name: 'p' }, reportingController: 'me', deprecatedCount: 2 } as KubeObject;
    const stored = eventConversion.toStorage(structuredClone(served));
    expect(stored).toEqual({ metadata: { name: 'e' }, message: 'hello', involvedObject: { kind: 'Pod', name: 'p' }, reportingComponent: 'me', count: 2 });
    expect(eventConversion.fromStorage(stored)).toEqual(served);
  });
});
