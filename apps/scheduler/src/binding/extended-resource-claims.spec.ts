import { core, resource, type resourcev1 } from '@navarch/api';
import { BindingChecks } from '../testing/binding-checks';
import { SchedulerWorld } from '../testing/scheduler-world';

const gpu = 'example.com/gpu';

function offer(world: SchedulerWorld, node: string, devices: number): void {
  world.create(resource.resourceslices, {
    apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: node },
    spec: { driver: 'gpu.example.com', nodeName: node, pool: { name: node, generation: 1, resourceSliceCount: 1 }, devices: Array.from({ length: devices }, (_, index) => ({ name: `gpu-${index}` })) },
  });
}

const stands = (world: SchedulerWorld): void => void world.create(resource.deviceclasses, { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: { extendedResourceName: gpu } });
const asks = (world: SchedulerWorld, name: string, amount = '1', resourceName = gpu): void =>
  void world.pod(name, '1', { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '1', [resourceName]: amount }, limits: { [resourceName]: amount } } }] });
const claims = (world: SchedulerWorld): resourcev1.ResourceClaim[] => world.api.list<resourcev1.ResourceClaim>(resource.resourceclaims);
const named = (world: SchedulerWorld, pod: string): string | undefined => world.get(pod).status?.extendedResourceClaimStatus?.resourceClaimName;

async function passes(world: SchedulerWorld): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    await world.clock.advance(11_000);
    await world.settle();
  }
}

describe('an extended resource that a device class stands for', () => {
  let world: SchedulerWorld;
  beforeEach(() => {
    world = new SchedulerWorld();
    world.node('a');
  });
  afterEach(() => world.stop());

  it('is given by a claim that is made for the pod, which its status names', async () => {
    stands(world);
    offer(world, 'a', 2);
    asks(world, 'web', '2');
    await world.lead();
    expect(world.nodeOf('web')).toBe('a');
    const [claim, ...others] = claims(world);
    expect(others).toEqual([]);
    const { uid } = world.get('web').metadata;
    expect(claim).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^web-extended-resources-/) as string, annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' }, finalizers: ['resource.kubernetes.io/delete-protection'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }],
      },
      spec: { devices: { requests: [{ name: 'container-0-request-1', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2 } }] } },
      status: { reservedFor: [{ resource: 'pods', name: 'web', uid }], allocation: { devices: { results: [{ request: 'container-0-request-1', device: 'gpu-0' }, { request: 'container-0-request-1', device: 'gpu-1' }] } } },
    });
    expect(await world.metric('scheduler_resourceclaim_creates_total')).toEqual({ success: 1 });
    expect(world.get('web').status?.extendedResourceClaimStatus).toEqual({ resourceClaimName: claim?.metadata.name, requestMappings: [{ containerName: 'main', resourceName: gpu, requestName: 'container-0-request-1' }] });
  });

  it('is given to no more pods than there are devices, however close they come', async () => {
    stands(world);
    offer(world, 'a', 2);
    for (const name of ['one', 'two', 'three']) asks(world, name);
    await world.lead();
    const waiting = ['one', 'two', 'three'].filter((name) => world.nodeOf(name) === '');
    expect(waiting).toHaveLength(1);
    expect(claims(world).flatMap(({ status }) => status?.allocation?.devices?.results?.map(({ device }) => device) ?? []).sort()).toEqual(['gpu-0', 'gpu-1']);
    expect(world.messageOf(waiting[0] ?? '')).toContain('0/1 nodes are available: 1 cannot allocate all claims.');
  });

  it('can be asked for by the name of the class', async () => {
    stands(world);
    offer(world, 'a', 1);
    asks(world, 'web', '1', 'deviceclass.resource.kubernetes.io/gpu');
    await world.lead();
    expect(world.nodeOf('web')).toBe('a');
    expect(claims(world)).toHaveLength(1);
  });

  it('needs no claim on a node whose device plug-in has it', async () => {
    stands(world);
    world.node('b', '4', (node) => Object.assign(node.status?.allocatable ?? {}, { [gpu]: '1' }));
    asks(world, 'web');
    await world.lead();
    expect(world.nodeOf('web')).toBe('b');
    expect([claims(world), named(world, 'web')]).toEqual([[], undefined]);
  });

  it('lets a pod go on when a class begins to stand for it', async () => {
    offer(world, 'a', 1);
    asks(world, 'web');
    await world.lead();
    expect(world.messageOf('web')).toContain(`Insufficient ${gpu}`);
    stands(world);
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
  });

  it('is given back when the pod is not bound after all, and chosen anew', async () => {
    stands(world);
    offer(world, 'a', 1);
    const checks = new BindingChecks(world);
    let bindings = 0;
    checks.onWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.subresource === 'binding' && bindings++ === 0) checks.refuse = 1;
    };
    asks(world, 'web');
    await world.lead();
    expect([claims(world), world.nodeOf('web')]).toEqual([[], '']);
    await passes(world);
    expect(world.nodeOf('web')).toBe('a');
    expect(claims(world).map(({ metadata }) => metadata.name)).toEqual([named(world, 'web')]);
  });

  it('keeps the claim of a binding that came about though its answer was lost', async () => {
    stands(world);
    offer(world, 'a', 1);
    const checks = new BindingChecks(world);
    checks.onWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.subresource === 'binding') checks.lose = 1;
    };
    asks(world, 'web');
    await world.lead();
    await passes(world);
    expect(world.nodeOf('web')).toBe('a');
    expect(claims(world).map(({ metadata }) => metadata.name)).toEqual([named(world, 'web')]);
  });

  it('begins anew where a predecessor left a claim behind', async () => {
    stands(world);
    offer(world, 'a', 1);
    asks(world, 'web');
    const { uid = '' } = world.get('web').metadata;
    world.create(resource.resourceclaims, {
      apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', spec: { devices: { requests: [{ name: 'container-0-request-1', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } }] } },
      metadata: { name: 'left', namespace: 'default', annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }] },
    });
    await world.lead();
    await passes(world);
    expect(world.events[0]?.message).toContain('0/1 nodes are available: 1 cannot schedule extended resource claim. deletion of ResourceClaim completed');
    expect(world.nodeOf('web')).toBe('a');
    expect(claims(world).map(({ metadata }) => metadata.name)).toEqual([named(world, 'web')]);
    expect(named(world, 'web')).not.toBe('left');
  });

  it('is nobody\'s when the pod goes while its claim is written', async () => {
    stands(world);
    offer(world, 'a', 1);
    const checks = new BindingChecks(world);
    checks.onWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.key?.resource?.resource === 'resourceclaims' && world.api.find(core.pods, 'default', 'web') !== undefined) world.finish('web');
    };
    asks(world, 'web');
    await world.lead();
    await passes(world);
    expect(claims(world)).toEqual([]);
    asks(world, 'next');
    checks.onWrite = () => undefined;
    await world.settle();
    expect(world.nodeOf('next')).toBe('a');
  });
});
