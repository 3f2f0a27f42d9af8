import { core, apps, type corev1, type KubeObject, resource as dra, type resourcev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { resourceQuotaController } from './controller';
import { mayReplenish } from './replenishment';
import { quotaStatus } from './sync';

const quota = (hard: Record<string, string>, more: Partial<corev1.ResourceQuota> = {}): corev1.ResourceQuota => ({ metadata: { name: 'q', namespace: 'default' }, spec: { hard }, ...more });
const pod = (name: string, cpu = '100m', status: corev1.PodStatus = {}): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] }, status });

describe('the status of a quota', () => {
  const count = (given: corev1.ResourceQuota, objects: KubeObject[]): corev1.ResourceQuotaStatus | undefined => quotaStatus({ quota: given, counted: [{ type: core.pods, objects }], nowMs: 0 });

  it.each<{ reason: string; given: corev1.ResourceQuota; expected: corev1.ResourceQuotaStatus | undefined }>([
    { reason: 'is what there is, beside what there may be', given: quota({ pods: '5', 'requests.cpu': '1' }), expected: { hard: { pods: '5', 'requests.cpu': '1' }, used: { pods: '2', 'requests.cpu': '300m' } } },
    { reason: 'is left alone when it is so already', given: quota({ pods: '5' }, { status: { hard: { pods: '5' }, used: { pods: '2' } } }), expected: undefined },
    { reason: 'follows the limits', given: quota({ pods: '6' }, { status: { hard: { pods: '5' }, used: { pods: '2' } } }), expected: { hard: { pods: '6' }, used: { pods: '2' } } },
    { reason: 'keeps what nobody counts', given: quota({ pods: '5', 'count/ships.example.com': '1' }, { status: { hard: {}, used: { 'count/ships.example.com': '1', secrets: '3' } } }), expected: { hard: { 'count/ships.example.com': '1', pods: '5' }, used: { 'count/ships.example.com': '1', pods: '2' } } },
  ])('$reason', ({ given, expected }) => expect(count(given, [pod('a'), pod('b', '200m')])).toEqual(expected));
});

it('counts devices once under one name, whoever asks for them', () => {
  const gpu = 'requests.example.com/gpu';
  const asking: corev1.Pod = { metadata: { name: 'p', namespace: 'default', uid: 'u' }, spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }] } };
  const claim = (name: string, metadata: object = {}): resourcev1.ResourceClaim => ({
    metadata: { name, namespace: 'default', ...metadata },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } }] } },
  });
  const claims = [claim('free'), claim('of-pod', { annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }] })];
  const devices = { deviceClasses: () => [{ metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/gpu' } }], pod: () => asking, claims: () => claims };
  expect(quotaStatus({ quota: quota({ [gpu]: '5' }), counted: [{ type: core.pods, objects: [asking] }, { type: dra.resourceclaims, objects: claims }], nowMs: 0, devices })?.used).toEqual({ [gpu]: '2' });
});

describe('an update', () => {
  const claim = (attributes: string): corev1.PersistentVolumeClaim => ({ metadata: { name: 'c' }, spec: { volumeAttributesClassName: attributes } });
  const service = (type: string): corev1.Service => ({ metadata: { name: 's' }, spec: { type, ports: [{ port: 80 }] } });
  it.each<{ reason: string; type: typeof core.pods | typeof core.services | typeof core.persistentvolumeclaims | typeof core.secrets; before: KubeObject; after: KubeObject; replenishes: boolean }>([
    { reason: 'that ends a pod frees what it had', type: core.pods, before: pod('a'), after: pod('a', '100m', { phase: 'Failed' }), replenishes: true },
    { reason: 'of a pod that goes on frees nothing', type: core.pods, before: pod('a'), after: pod('a', '100m', { phase: 'Running' }), replenishes: false },
    { reason: 'that makes a pod smaller frees the rest', type: core.pods, before: pod('a', '1'), after: { ...pod('a'), metadata: { name: 'a', generation: 2 } }, replenishes: true },
    { reason: 'of the type of a Service frees its ports', type: core.services, before: service('NodePort'), after: service('ClusterIP'), replenishes: true },
    { reason: 'of a claim that gets other attributes frees its place among those of the old', type: core.persistentvolumeclaims, before: claim('gold'), after: claim('silver'), replenishes: true },
    { reason: 'of a claim that keeps its attributes frees nothing', type: core.persistentvolumeclaims, before: claim('gold'), after: { ...claim('gold'), metadata: { name: 'c', labels: { a: 'b' } } }, replenishes: false },
    { reason: 'of what is only counted frees nothing', type: core.secrets, before: { metadata: {} }, after: { metadata: { labels: { a: 'b' } } }, replenishes: false },
  ])('$reason', ({ type, before, after, replenishes }) => expect(mayReplenish(type, before, after, 0)).toBe(replenishes));
});

describe('ResourceQuotas', () => {
  it('count what they can while a kind cannot be read', async () => {
    const world = new ControllerWorld();
    world.create(core.resourcequotas, quota({ pods: '5', 'count/deployments.apps': '1' }));
    world.create(core.pods, pod('a'));
    const snapshot = world.transport.snapshot.bind(world.transport);
    let isServed = false;
    world.transport.snapshot = (request) => {
      if (!isServed && request.class?.resource?.resource === 'deployments') throw new Error('not now');
      return snapshot(request);
    };
    await world.run(resourceQuotaController);
    await world.clock.advance(10_000);
    const status = (): unknown => world.get(core.resourcequotas, 'q').status;
    expect(status()).toEqual({ hard: { 'count/deployments.apps': '1', pods: '5' }, used: { pods: '1' } });
    isServed = true;
    await world.clock.advance(120_000);
    expect(status()).toEqual({ hard: { 'count/deployments.apps': '1', pods: '5' }, used: { 'count/deployments.apps': '0', pods: '1' } });
    await world.stop();
  });

  it('count all kinds again when something goes, and when nobody said so', async () => {
    const world = new ControllerWorld();
    world.create(core.resourcequotas, quota({ pods: '5', secrets: '10', 'count/deployments.apps': '1' }));
    world.create(core.pods, pod('a'));
    world.create(core.pods, pod('b'));
    world.create(core.secrets, { metadata: { name: 's', namespace: 'default' } });
    world.create(apps.deployments, { metadata: { name: 'd', namespace: 'default' } });
    world.create(core.pods, { ...pod('elsewhere'), metadata: { name: 'elsewhere', namespace: 'other' } });
    await world.run(resourceQuotaController);
    const used = (): unknown => world.get(core.resourcequotas, 'q').status?.used;
    expect(used()).toEqual({ 'count/deployments.apps': '1', pods: '2', secrets: '1' });
    world.api.delete(core.pods, 'default', 'a');
    world.api.delete(core.secrets, 'default', 's');
    await world.settle();
    expect(used()).toEqual({ 'count/deployments.apps': '1', pods: '1', secrets: '0' });
    world.change(core.pods, 'b', (object) => (object.status = { phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(used()).toMatchObject({ pods: '0' });
    world.create(core.pods, pod('c'));
    await world.clock.advance(300_000);
    expect(used()).toMatchObject({ pods: '1' });
    world.change(core.resourcequotas, 'q', (object) => (object.spec = { hard: { pods: '1' } }));
    await world.settle();
    expect(world.get(core.resourcequotas, 'q').status).toEqual({ hard: { pods: '1' }, used: { pods: '1' } });
    expect(world.warnings).toEqual([]);
    await world.stop();
  });
});
