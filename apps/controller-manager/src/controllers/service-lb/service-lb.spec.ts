import { core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { AddressPool } from './address-pool';
import { changeEvent } from './change-events';
import { serviceBalancerController } from './controller';
import { LB_FINALIZER, planBalancer, type BalancerPlan } from './sync';

const service = (spec: Partial<corev1.ServiceSpec> = {}, more: Partial<corev1.Service> = {}): corev1.Service => ({ metadata: { name: 'web', namespace: 'default' }, spec: { type: 'LoadBalancer', ...spec }, ...more });
const pool = new AddressPool('172.30.1.128/30');

describe('a range of addresses', () => {
  it('gives all but its first and last', () => {
    expect(pool.free(new Set())).toBe('172.30.1.129');
    expect(pool.free(new Set(['172.30.1.129']))).toBe('172.30.1.130');
    expect(pool.free(new Set(['172.30.1.129', '172.30.1.130']))).toBeUndefined();
    expect(['172.30.1.128', '172.30.1.130', '172.30.1.131', '::1', 'x'].map((address) => pool.includes(address))).toEqual([false, true, false, false, false]);
  });

  it.each(['172.30.1.0', '172.30.1.0/31', 'fd00::/64', '999.0.0.0/24'])('is not %s', (range) => expect(() => new AddressPool(range)).toThrow('is not an IPv4 range of at least four addresses'));
});

describe('a load balancer', () => {
  const held = { metadata: { name: 'web', namespace: 'default', finalizers: [LB_FINALIZER] } };
  const has = (ip: string): Partial<corev1.Service> => ({ ...held, status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } });
  it.each<{ reason: string; given: corev1.Service; taken?: string[]; expected: BalancerPlan }>([
    { reason: 'gets the lowest free address', given: service(), taken: ['172.30.1.129'], expected: { kind: 'ensure', ip: '172.30.1.130' } },
    { reason: 'keeps its address', given: service({}, has('172.30.1.130')), expected: { kind: 'nothing' } },
    { reason: 'of another range gets a new one', given: service({}, has('10.0.0.1')), expected: { kind: 'ensure', ip: '172.30.1.129' } },
    { reason: 'gets the address it asks for', given: service({ loadBalancerIP: '172.30.1.130' }), expected: { kind: 'ensure', ip: '172.30.1.130' } },
    { reason: 'cannot have any address', given: service({ loadBalancerIP: '8.8.8.8' }), expected: { kind: 'refuse', message: '8.8.8.8 is not in 172.30.1.128/30' } },
    { reason: "cannot have another's address", given: service({ loadBalancerIP: '172.30.1.130' }), taken: ['172.30.1.130'], expected: { kind: 'refuse', message: '172.30.1.130 is in use by another Service' } },
    { reason: 'waits for an address when all are taken', given: service(), taken: ['172.30.1.129', '172.30.1.130'], expected: { kind: 'refuse', message: 'no address of 172.30.1.128/30 is free' } },
    { reason: 'of another class is not ours', given: service({ loadBalancerClass: 'example.com/lb' }), expected: { kind: 'nothing' } },
    { reason: 'of our class is ours', given: service({ loadBalancerClass: 'navarch.io/local' }), expected: { kind: 'ensure', ip: '172.30.1.129' } },
    { reason: 'is released with its type', given: service({ type: 'ClusterIP' }, has('172.30.1.130')), expected: { kind: 'release' } },
    { reason: 'is released with its Service', given: service({}, { metadata: { ...held.metadata, deletionTimestamp: 'x' } }), expected: { kind: 'release' } },
    { reason: 'is none for other types', given: service({ type: 'NodePort' }), expected: { kind: 'nothing' } },
  ])('$reason', ({ given, taken = [], expected }) => expect(planBalancer(given, new Set(taken), pool)).toEqual(expected));
});

describe('a change of a Service with a load balancer', () => {
  const port: corev1.ServicePort = { port: 80, protocol: 'TCP', nodePort: 30080 };
  it.each<{ reason: string; before: Partial<corev1.ServiceSpec>; after: Partial<corev1.ServiceSpec>; expected: string | undefined }>([
    { reason: 'of its type', before: {}, after: { type: 'ClusterIP' }, expected: 'Type: LoadBalancer -> ClusterIP' },
    { reason: 'to another class', before: {}, after: { loadBalancerClass: 'example.com/lb' }, expected: 'Type: LoadBalancer -> LoadBalancer' },
    { reason: 'of who may reach it', before: {}, after: { loadBalancerSourceRanges: ['10.0.0.0/8', '::/0'] }, expected: 'LoadBalancerSourceRanges: [] -> [10.0.0.0/8 ::/0]' },
    { reason: 'of its address', before: { loadBalancerIP: '1.1.1.1' }, after: { loadBalancerIP: '2.2.2.2' }, expected: 'LoadbalancerIP: 1.1.1.1 -> 2.2.2.2' },
    { reason: 'of how many other addresses it has', before: {}, after: { externalIPs: ['1.1.1.1'] }, expected: 'ExternalIP: Count: 0 -> 1' },
    { reason: 'of one of those', before: { externalIPs: ['1.1.1.1'] }, after: { externalIPs: ['2.2.2.2'] }, expected: 'ExternalIP: Added: 2.2.2.2' },
    { reason: 'of its way to pods', before: { externalTrafficPolicy: 'Cluster' }, after: { externalTrafficPolicy: 'Local', healthCheckNodePort: 30000 }, expected: 'ExternalTrafficPolicy: Cluster -> Local' },
    { reason: 'of its health check', before: { healthCheckNodePort: 30000 }, after: { healthCheckNodePort: 30001 }, expected: 'HealthCheckNodePort: 30000 -> 30001' },
    { reason: 'of its ports', before: { ports: [port] }, after: { ports: [{ ...port, port: 81 }], externalTrafficPolicy: 'Local' }, expected: undefined },
    { reason: 'behind its ports', before: { ports: [port] }, after: { ports: [{ ...port, targetPort: 8080 }] }, expected: undefined },
    { reason: 'of one without', before: { type: 'NodePort' }, after: { type: 'ClusterIP' }, expected: undefined },
  ])('$reason', ({ before, after, expected }) => {
    const told = changeEvent(service(before), service(after));
    expect(told && `${told.reason}: ${told.message}`).toBe(expected);
  });
});

describe('Services of type LoadBalancer', () => {
  it('get addresses of their own, say so, and give them back', async () => {
    const world = new ControllerWorld({ loadBalancerCidr: pool.range });
    const address = (name: string): string | undefined => world.get(core.services, name).status?.loadBalancer?.ingress?.[0]?.ip;
    world.create(core.services, service());
    await world.run(serviceBalancerController);
    world.create(core.services, service({}, { metadata: { name: 'api', namespace: 'default' } }));
    await world.settle();
    expect([address('web'), address('api')]).toEqual(['172.30.1.129', '172.30.1.130']);
    expect(world.eventsOf('web')).toEqual(['EnsuringLoadBalancer: Ensuring load balancer', 'EnsuredLoadBalancer: Ensured load balancer']);
    world.create(core.services, service({}, { metadata: { name: 'late', namespace: 'default' } }));
    await world.settle();
    expect(world.eventsOf('late')[0]).toBe('SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: no address of 172.30.1.128/30 is free');
    world.change(core.services, 'web', (object) => (object.spec = { type: 'ClusterIP' }));
    await world.settle();
    expect(world.get(core.services, 'web')).toMatchObject({ metadata: { finalizers: [] }, status: { loadBalancer: {} } });
    expect(world.eventsOf('web')).toContain('Type: LoadBalancer -> ClusterIP');
    await world.clock.advance(60_000);
    await world.settle();
    expect(address('late')).toBe('172.30.1.129');
    world.api.delete(core.services, 'default', 'api');
    await world.settle();
    expect(world.all(core.services).map(({ metadata }) => metadata.name)).toEqual(['late', 'web']);
    await world.stop();
  });
});
