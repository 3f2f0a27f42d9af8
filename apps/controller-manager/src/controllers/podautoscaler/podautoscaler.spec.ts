import { apps, autoscaling, core, type appsv1, type autoscalingv2 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { horizontalPodAutoscalerController } from './controller';

const deployment: appsv1.Deployment = { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: {} }, status: { replicas: 3 } };
const cpu: autoscalingv2.MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };
const autoscaler = (spec: Partial<autoscalingv2.HorizontalPodAutoscalerSpec> = {}): autoscalingv2.HorizontalPodAutoscaler => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 10, metrics: [cpu], ...spec },
});

describe('HorizontalPodAutoscalers', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld();
    world.create(apps.deployments, deployment);
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-12-31T20:00:00Z' }];
    for (const name of ['a', 'b', 'c']) {
      world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] }, status: { phase: 'Running', startTime: '2025-12-31T20:00:00Z', conditions } });
    }
  });
  afterEach(() => world.stop());

  const run = async (object = autoscaler()): Promise<void> => {
    world.create(autoscaling.horizontalpodautoscalers, object);
    await world.run(horizontalPodAutoscalerController);
  };
  const use = (a: number, b = a, c = a): unknown => world.metrics.pod.set('cpu', { a, b, c });
  const replicas = (): number | undefined => world.get(apps.deployments, 'web').spec?.replicas;
  const status = (): autoscalingv2.HorizontalPodAutoscalerStatus => world.get(autoscaling.horizontalpodautoscalers, 'web').status!;
  const condition = (type: string): string => {
    const found = status().conditions?.find((one) => one.type === type);
    return `${found?.status ?? ''} ${found?.reason ?? ''}: ${found?.message ?? ''}`;
  };
  const later = async (ms: number): Promise<void> => {
    await world.clock.advance(ms);
    await world.settle();
  };

  it('scale up by what pods use of their requests, and say why', async () => {
    use(800);
    await run();
    expect(replicas()).toBe(5);
    expect(status()).toMatchObject({
      currentReplicas: 3, desiredReplicas: 5, lastScaleTime: '2026-01-01T00:00:00Z', currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 80, averageValue: '800m' } } }],
    });
    expect(condition('AbleToScale')).toBe('True SucceededRescale: the HPA controller was able to update the target scale to 5');
    expect(condition('ScalingActive')).toBe('True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)');
    expect(condition('ScalingLimited')).toBe('False DesiredWithinRange: the desired count is within the acceptable range');
    expect(world.eventsOf('web')).toEqual(['SuccessfulRescale: New size: 5; reason: cpu resource utilization (percentage of request) above target']);
  });

  it('scale down only after the window has passed', async () => {
    use(100);
    await run();
    expect(replicas()).toBe(3);
    expect(condition('AbleToScale')).toBe('True ScaleDownStabilized: recent recommendations were higher than current one, applying the highest recent recommendation');
    await later(310_000);
    expect(replicas()).toBe(1);
    expect(world.eventsOf('web')).toEqual(['SuccessfulRescale: New size: 1; reason: All metrics below target']);
  });

  it('scale down at once when no size was recommended within the window', async () => {
    await run();
    await later(310_000);
    expect(replicas()).toBe(3);
    use(100);
    await later(15_000);
    expect(replicas()).toBe(1);
  });

  it('give no reason for a size that only the rules bring: no metric asks for it now', async () => {
    use(1600);
    await run();
    expect(replicas()).toBe(6);
    use(1000);
    await later(15_000);
    expect(world.eventsOf('web').at(-1)).toBe('SuccessfulRescale: New size: 10; reason: ');
  });

  it('keep within their bounds at once, whatever the metrics', async () => {
    await run(autoscaler({ minReplicas: 4, maxReplicas: 6 }));
    expect(replicas()).toBe(4);
    expect(world.eventsOf('web')).toEqual(['SuccessfulRescale: New size: 4; reason: Current number of replicas below Spec.MinReplicas']);
    world.change(apps.deployments, 'web', (object) => (object.spec!.replicas = 9));
    await later(15_000);
    expect(replicas()).toBe(6);
  });

  it('leave a target of no replicas alone', async () => {
    use(900);
    world.change(apps.deployments, 'web', (object) => (object.spec!.replicas = 0));
    await run();
    expect(replicas()).toBe(0);
    expect(condition('ScalingActive')).toBe('False ScalingDisabled: scaling is disabled since the replica count of the target is zero');
  });

  it('tell of metrics that they cannot read, and change nothing', async () => {
    await run();
    expect(replicas()).toBe(3);
    expect(condition('ScalingActive')).toBe('False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API');
    expect(world.eventsOf('web').sort()).toEqual([
      'FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
      'FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    ]);
    use(900);
    await later(15_000);
    expect(replicas()).toBe(6);
  });

  const target = (value: Partial<autoscalingv2.MetricTarget>): autoscalingv2.MetricTarget => ({ type: value.value === undefined ? 'AverageValue' : 'Value', ...value });
  it.each<{ what: string; metric: autoscalingv2.MetricSpec; expected: number; reason: string }>([
    { what: 'pods', metric: { type: 'Pods', pods: { metric: { name: 'requests' }, target: target({ averageValue: '10' }) } }, expected: 6, reason: 'pods metric requests' },
    { what: 'an object as a whole', metric: { type: 'Object', object: { metric: { name: 'hits' }, describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }, target: target({ value: '2k' }) } }, expected: 5, reason: 'Ingress metric hits' },
    { what: 'an object shared by pods', metric: { type: 'Object', object: { metric: { name: 'hits' }, describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }, target: target({ averageValue: '500' }) } }, expected: 6, reason: 'external metric hits(nil)' },
    { what: 'something external', metric: { type: 'External', external: { metric: { name: 'queue', selector: { matchLabels: { q: 'a' } } }, target: target({ averageValue: '10' }) } }, expected: 5, reason: 'external metric queue(&LabelSelector{MatchLabels:map[string]string{q: a,},MatchExpressions:[]LabelSelectorRequirement{},})' },
    { what: 'one container of each pod', metric: { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: target({ averageValue: '200m' }) } }, expected: 6, reason: 'cpu resource' },
  ])('go by metrics of $what', async ({ metric, expected, reason }) => {
    world.metrics.pod.set('requests', { a: 20_000, b: 20_000, c: 20_000 });
    world.metrics.pod.set('cpu/c', { a: 400, b: 400, c: 400 });
    world.metrics.objects.set('ingresses.networking.k8s.io/main/hits', 3_000_000);
    world.metrics.externals.set('queue', [30_000, 20_000]);
    await run(autoscaler({ metrics: [metric] }));
    expect(world.eventsOf('web')).toEqual([`SuccessfulRescale: New size: ${expected}; reason: ${reason} above target`]);
  });

  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' };
  it.each<{ what: string; metric: autoscalingv2.MetricSpec; reason: string; message: string; prefix: string }>([
    { what: 'memory', metric: { type: 'Resource', resource: { name: 'memory', target: target({ averageValue: '1Gi' }) } }, reason: 'FailedGetResourceMetric', message: 'failed to get memory usage: unable to get metrics for resource memory: no metrics returned from resource metrics API', prefix: 'failed to get memory resource metric value: ' },
    { what: 'a container', metric: { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: target({ averageValue: '1' }) } }, reason: 'FailedGetContainerResourceMetric', message: 'failed to get cpu usage: unable to get metrics for resource cpu: no metrics returned from resource metrics API', prefix: 'failed to get c container metric value: ' },
    { what: 'pods', metric: { type: 'Pods', pods: { metric: { name: 'requests' }, target: target({ averageValue: '10' }) } }, reason: 'FailedGetPodsMetric', message: 'unable to get metric requests: no metrics returned from custom metrics API', prefix: 'failed to get pods metric value: ' },
    { what: 'an object', metric: { type: 'Object', object: { metric: { name: 'hits' }, describedObject: ingress, target: target({ value: '2k' }) } }, reason: 'FailedGetObjectMetric', message: 'unable to get metric hits: Ingress on default main/no metrics returned from custom metrics API', prefix: 'failed to get object metric value: ' },
    { what: 'an object that pods share', metric: { type: 'Object', object: { metric: { name: 'hits' }, describedObject: ingress, target: target({ averageValue: '2k' }) } }, reason: 'FailedGetObjectMetric', message: 'unable to get metric hits: Ingress on default main/no metrics returned from custom metrics API', prefix: 'failed to get object metric value: failed to get hits object metric: ' },
    { what: 'something external', metric: { type: 'External', external: { metric: { name: 'queue' }, target: target({ averageValue: '10' }) } }, reason: 'FailedGetExternalMetric', message: 'unable to get external metric default/queue/nil: no metrics returned from external metrics API', prefix: 'failed to get queue external metric value: failed to get queue external metric: ' },
    { what: 'something external as a whole', metric: { type: 'External', external: { metric: { name: 'queue' }, target: target({ value: '10' }) } }, reason: 'FailedGetExternalMetric', message: 'unable to get external metric default/queue/nil: no metrics returned from external metrics API', prefix: 'failed to get queue external metric value: failed to get external metric queue: ' },
  ])('tell in the words of upstream that metrics of $what cannot be read', async ({ metric, reason, message, prefix }) => {
    await run(autoscaler({ metrics: [metric] }));
    expect(condition('ScalingActive')).toBe(`False ${reason}: the HPA was unable to compute the replica count: ${message}`);
    expect(world.eventsOf('web').sort()).toEqual([`FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: ${prefix}${message}`, `${reason}: ${message}`]);
    expect(status().currentMetrics).toEqual([{ type: '' }]);
  });

  it('write what pods use in the order of the metrics, with a gap where one is unknown, and memory as the metrics API does', async () => {
    world.metrics.pod.set('memory', { a: 2 ** 30 * 1000, b: 2 ** 30 * 1000, c: 2 ** 30 * 1000 });
    const memory: autoscalingv2.MetricSpec = { type: 'Resource', resource: { name: 'memory', target: target({ averageValue: '1Gi' }) } };
    await run(autoscaler({ metrics: [cpu, memory] }));
    expect(status().currentMetrics).toEqual([{ type: '' }, { type: 'Resource', resource: { name: 'memory', current: { averageValue: '1Gi' } } }]);
    expect(condition('ScalingActive')).toBe('True ValidMetricFound: the HPA was able to successfully calculate a replica count from memory resource');
  });

  it('tell of a target whose scale has no selector', async () => {
    world.change(apps.deployments, 'web', (object) => (object.spec!.selector = {}));
    await run();
    expect(condition('ScalingActive')).toBe("False InvalidSelector: the HPA target's scale is missing a selector");
    expect(world.eventsOf('web').sort()).toEqual(['FailedComputeMetricsReplicas: selector is required', 'SelectorRequired: selector is required']);
  });

  it('tell of a status that is refused', async () => {
    use(500);
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'update' && operation.value.subresource === 'status') throw forbidden({ group: 'autoscaling', resource: 'horizontalpodautoscalers' }, 'web', 'no');
    };
    await run();
    expect(world.eventsOf('web')[0]).toContain('FailedUpdateStatus: ');
  });

  it('follow the highest of several metrics, and do not shrink while one is unknown', async () => {
    const requests: autoscalingv2.MetricSpec = { type: 'Pods', pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '10' } } };
    use(800);
    await run(autoscaler({ metrics: [requests, cpu], behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } }));
    expect(replicas()).toBe(5);
    use(100);
    await later(15_000);
    expect(replicas()).toBe(5);
    expect(condition('ScalingActive')).toContain('False FailedGetPodsMetric');
    world.metrics.pod.set('requests', { a: 1_000, b: 1_000, c: 1_000 });
    await later(15_000);
    expect(replicas()).toBe(1);
  });

  it('do not pull at pods that another pulls at too', async () => {
    use(800);
    world.create(autoscaling.horizontalpodautoscalers, { ...autoscaler(), metadata: { name: 'rival', namespace: 'default' } });
    await run();
    await later(15_000);
    expect(condition('ScalingActive')).toBe('False AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [default/rival default/web]');
  });

  it.each([
    { what: 'a target that is not there', ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' }, message: 'deployments.apps "gone" not found' },
    { what: 'a kind that is not known', ref: { apiVersion: 'example.com/v1', kind: 'Wheel', name: 'web' }, message: 'no matches for kind "Wheel" in group "example.com"' },
  ])('tell of $what', async ({ ref, message }) => {
    await run(autoscaler({ scaleTargetRef: ref }));
    expect(condition('AbleToScale')).toBe(`False FailedGetScale: the HPA controller was unable to get the target's current scale: ${message}`);
    expect(world.eventsOf('web')).toEqual([`FailedGetScale: ${message}`]);
  });

  it('tell of a size that is refused', async () => {
    use(800);
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'update' && operation.value.subresource === 'scale') throw forbidden({ group: 'apps', resource: 'deployments/scale' }, 'web', 'no');
    };
    await run();
    expect(condition('AbleToScale')).toContain('False FailedUpdateScale: the HPA controller was unable to update the target scale: ');
    expect(world.eventsOf('web')[0]).toContain('FailedRescale: New size: 5; reason: cpu resource utilization (percentage of request) above target; error: ');
  });
});
