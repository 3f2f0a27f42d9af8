import type { autoscalingv1, KubeObject } from '@navarch/api';
import { deviceConversions } from './device-v1beta1';
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

  it('scales by the CPU when it names nothing to scale by, as v2 does', () => {
    const { targetCPUUtilizationPercentage: _, ...spec } = old.spec;
    const stored = horizontalPodAutoscalerConversion.toStorage(structuredClone({ ...old, spec }));
    expect(stored).toMatchObject({ spec: { metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }] } });
    expect(horizontalPodAutoscalerConversion.fromStorage(stored)).toMatchObject({ spec: { targetCPUUtilizationPercentage: 80 } });
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

describe('resource.k8s.io/v1beta1', () => {
  const converted = (resource: string, spec: object): unknown => (deviceConversions[resource]?.toStorage({ metadata: { name: 'a' }, spec } as KubeObject) as { spec?: unknown } | undefined)?.spec;
  const back = (resource: string, spec: object): unknown => (deviceConversions[resource]?.fromStorage({ metadata: { name: 'a' }, spec } as KubeObject) as { spec?: unknown } | undefined)?.spec;
  const flat = { name: 'one', deviceClassName: 'c', selectors: [{ cel: { expression: 'true' } }] };
  const filled = { ...flat, allocationMode: 'ExactCount', count: 1 };
  const { name, ...exactly } = filled;
  const counted = { name: 'two', firstAvailable: [{ name: 'a', deviceClassName: 'c', allocationMode: 'ExactCount', count: 1 }] };
  const alternatives = { name: 'two', firstAvailable: [{ name: 'a', deviceClassName: 'c' }] };

  it('has exact requests within requests, and fills in how many they are of', () => {
    expect(converted('resourceclaims', { devices: { requests: [flat, alternatives] } })).toEqual({ devices: { requests: [{ name, exactly }, counted] } });
    expect(converted('resourceclaimtemplates', { spec: { devices: { requests: [flat] } } })).toMatchObject({ spec: { devices: { requests: [{ name, exactly }] } } });
    expect(converted('resourceclaims', { devices: { requests: [{ ...flat, allocationMode: 'All' }] } })).toMatchObject({ devices: { requests: [{ exactly: { allocationMode: 'All' } }] } });
    expect(converted('resourceclaims', {})).toEqual({ devices: {} });
    expect(back('resourceclaims', { devices: { requests: [{ name, exactly }, alternatives] } })).toEqual({ devices: { requests: [filled, alternatives] } });
  });

  it('has devices that are all basic', () => {
    const device = { attributes: { a: { bool: true } }, nodeName: 'n' };
    expect(converted('resourceslices', { driver: 'd', devices: [{ name: 'x', basic: device }, { name: 'y' }] })).toEqual({ driver: 'd', devices: [{ name: 'x', ...device }, { name: 'y' }] });
    expect(back('resourceslices', { driver: 'd', devices: [{ name: 'x', ...device }, { name: 'y' }] })).toEqual({ driver: 'd', devices: [{ name: 'x', basic: device }, { name: 'y', basic: {} }] });
  });
});
