import { core, type corev1 } from '@navarch/api';
import { forbidden, timeout } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { AddressPool, addressPools } from './address-pool';
import { changeEvent } from './change-events';
import { serviceBalancerController } from './controller';
import { balancerAddresses, LB_FINALIZER, planBalancer, type BalancerPlan } from './sync';

const service = (spec: Partial<corev1.ServiceSpec> = {}, more: Partial<corev1.Service> = {}): corev1.Service => ({ metadata: { name: 'web', namespace: 'default' }, spec: { type: 'LoadBalancer', ...spec }, ...more });
const pool = new AddressPool('172.30.1.128/30');
const six = new AddressPool('fd00:172:30:1::1:0/112');

describe('a range of addresses', () => {
  it('gives all but its first and last', () => {
    expect(pool.free(new Set())).toBe('172.30.1.129');
    expect(pool.free(new Set(['172.30.1.129']))).toBe('172.30.1.130');
    expect(pool.free(new Set(['172.30.1.129', '172.30.1.130']))).toBeUndefined();
    expect(['172.30.1.128', '172.30.1.130', '172.30.1.131', '::1', 'x'].map((address) => pool.includes(address))).toEqual([false, true, false, false, false]);
  });

  it('may be of IPv6', () => {
    expect(six.free(new Set())).toBe('fd00:172:30:1::1:1');
    expect(six.free(new Set(['fd00:172:30:1::1:1']))).toBe('fd00:172:30:1::1:2');
    expect(['fd00:172:30:1::1:0', 'fd00:172:30:1::1:ff', 'fd00:172:30:1::1:ffff', '172.30.1.129', 'fd00:172:30:1::1:1/112'].map((address) => six.includes(address))).toEqual([false, true, false, false, false]);
  });

  it.each(['172.30.1.0', '172.30.1.0/31', 'fd00::', 'fd00::/127', '999.0.0.0/24', ''])('is not %j', (range) => expect(() => new AddressPool(range)).toThrow('is not a range of at least four addresses'));

  it('is there once for each family at most', () => {
    expect(addressPools('172.30.1.128/25, fd00::/64').map(({ family }) => family)).toEqual(['IPv4', 'IPv6']);
    expect(() => addressPools('172.30.1.128/25,172.30.2.128/25')).toThrow('has two ranges of one family');
  });
});

describe('a load balancer', () => {
  const held = { metadata: { name: 'web', namespace: 'default', finalizers: [LB_FINALIZER] } };
  const has = (ip: string): Partial<corev1.Service> => ({ ...held, status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } });
  it.each<{ reason: string; given: corev1.Service; taken?: string[]; expected: BalancerPlan }>([
    { reason: 'gets the lowest free address', given: service(), taken: ['172.30.1.129'], expected: { kind: 'ensure', ips: ['172.30.1.130'] } },
    { reason: 'keeps its address', given: service({}, has('172.30.1.130')), expected: { kind: 'nothing' } },
    { reason: 'of another range gets a new one', given: service({}, has('10.0.0.1')), expected: { kind: 'ensure', ips: ['172.30.1.129'] } },
    { reason: 'gets the address it asks for', given: service({ loadBalancerIP: '172.30.1.130' }), expected: { kind: 'ensure', ips: ['172.30.1.130'] } },
    { reason: 'cannot have any address', given: service({ loadBalancerIP: '8.8.8.8' }), expected: { kind: 'refuse', message: '8.8.8.8 is not in 172.30.1.128/30' } },
    { reason: "cannot have another's address", given: service({ loadBalancerIP: '172.30.1.130' }), taken: ['172.30.1.130'], expected: { kind: 'refuse', message: '172.30.1.130 is in use by another Service' } },
    { reason: 'waits for an address when all are taken', given: service(), taken: ['172.30.1.129', '172.30.1.130'], expected: { kind: 'refuse', message: 'no address of 172.30.1.128/30 is free' } },
    { reason: 'of another class is not ours', given: service({ loadBalancerClass: 'example.com/lb' }), expected: { kind: 'nothing' } },
    { reason: 'of our class is ours', given: service({ loadBalancerClass: 'navarch.io/local' }), expected: { kind: 'ensure', ips: ['172.30.1.129'] } },
    { reason: 'is released with its type', given: service({ type: 'ClusterIP' }, has('172.30.1.130')), expected: { kind: 'release' } },
    { reason: 'is released with its Service', given: service({}, { metadata: { ...held.metadata, deletionTimestamp: 'x' } }), expected: { kind: 'release' } },
    { reason: 'is none for other types', given: service({ type: 'NodePort' }), expected: { kind: 'nothing' } },
  ])('$reason', ({ given, taken = [], expected }) => expect(planBalancer(given, new Set(taken), [pool])).toEqual(expected));

  const [four1, six1] = ['172.30.1.129', 'fd00:172:30:1::1:1'];
  const both: Partial<corev1.ServiceSpec> = { ipFamilies: ['IPv4', 'IPv6'] };
  const hasBoth: Partial<corev1.Service> = { ...held, status: { loadBalancer: { ingress: [four1, six1].map((ip) => ({ ip, ipMode: 'VIP' })) } } };
  it.each<{ reason: string; given: corev1.Service; taken?: string[]; pools?: AddressPool[]; expected: BalancerPlan }>([
    { reason: 'of both families gets an address of each', given: service(both), expected: { kind: 'ensure', ips: [four1, six1] } },
    { reason: 'has them in the order of its families', given: service({ ipFamilies: ['IPv6', 'IPv4'] }), expected: { kind: 'ensure', ips: [six1, four1] } },
    { reason: 'keeps both', given: service(both, hasBoth), expected: { kind: 'nothing' } },
    { reason: 'keeps one when it gets the other family too', given: service(both, has('172.30.1.130')), expected: { kind: 'ensure', ips: ['172.30.1.130', six1] } },
    { reason: 'gives one up that loses the family', given: service({ ipFamilies: ['IPv6'] }, hasBoth), expected: { kind: 'ensure', ips: [six1] } },
    { reason: 'gets no address twice, however it is written', given: service({ ipFamilies: ['IPv6'] }), taken: balancerAddresses(service({}, { status: { loadBalancer: { ingress: [{ ip: 'fd00:172:30:1:0:0:1:1' }] } } })), expected: { kind: 'ensure', ips: ['fd00:172:30:1::1:2'] } },
    { reason: 'gets the IPv6 address it asks for, and any of the other family', given: service({ ...both, loadBalancerIP: 'fd00:172:30:1:0:0:1:a' }), expected: { kind: 'ensure', ips: [four1, 'fd00:172:30:1::1:a'] } },
    { reason: 'has what families there are ranges for', given: service(both), pools: [pool], expected: { kind: 'ensure', ips: [four1] } },
    { reason: 'cannot be of a family without a range', given: service({ ipFamilies: ['IPv6'] }), pools: [pool], expected: { kind: 'refuse', message: 'there is no range of IPv6 addresses' } },
    { reason: 'cannot have an address of a family that it is not of', given: service({ loadBalancerIP: six1 }), expected: { kind: 'refuse', message: `${six1} is not in 172.30.1.128/30` } },
    { reason: 'waits until there is an address of each', given: service(both), taken: ['172.30.1.129', '172.30.1.130'], expected: { kind: 'refuse', message: 'no address of 172.30.1.128/30 is free' } },
  ])('$reason', ({ given, taken = [], pools = [pool, six], expected }) => expect(planBalancer(given, new Set(taken), pools)).toEqual(expected));
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
  it('of both families get an address of each', async () => {
    const world = new ControllerWorld({ loadBalancerCidr: `${pool.range},${six.range}` });
    world.create(core.services, service({ ipFamilies: ['IPv4', 'IPv6'] }));
    await world.run(serviceBalancerController);
    expect(world.get(core.services, 'web').status?.loadBalancer?.ingress).toEqual([{ ip: '172.30.1.129', ipMode: 'VIP' }, { ip: 'fd00:172:30:1::1:1', ipMode: 'VIP' }]);
    await world.stop();
  });

  it('never share an address though the outcome of a write is unknown and the cache is behind', async () => {
    const world = new ControllerWorld({ loadBalancerCidr: pool.range });
    for (const name of ['web', 'api']) world.create(core.services, service({}, { metadata: { name, namespace: 'default' } }));
    const isStatus = ({ operation }: (typeof world.transport.writes)[number]): boolean => operation?.$case === 'update' && operation.value.subresource === 'status';
    world.transport.beforeWrite = (item) => {
      if (isStatus(item)) world.transport.paused = true;
    };
    world.transport.afterWrite = (item) => {
      if (!isStatus(item)) return;
      world.transport.afterWrite = undefined;
      throw timeout('lost');
    };
    await world.run(serviceBalancerController);
    const given = world.all(core.services).flatMap(balancerAddresses);
    expect(given).toHaveLength(2);
    expect(new Set(given).size).toBe(2);
    await world.stop();
  });

  it.each<[string, corev1.Node]>([
    ['is being taken away', { metadata: { name: 'n' }, spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }],
    ['is kept out', { metadata: { name: 'n', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }],
  ])('tell that the only node %s, and have their address all the same', async (_what, node) => {
    const world = new ControllerWorld({ loadBalancerCidr: pool.range });
    world.create(core.nodes, node);
    world.create(core.services, service());
    await world.run(serviceBalancerController);
    expect(world.eventsOf('web')).toEqual(['EnsuringLoadBalancer: Ensuring load balancer', 'UnAvailableLoadBalancer: There are no available nodes for LoadBalancer', 'EnsuredLoadBalancer: Ensured load balancer']);
    expect(world.get(core.services, 'web').status?.loadBalancer?.ingress).toHaveLength(1);
    await world.stop();
  });

  it('tell of what could not be written', async () => {
    const world = new ControllerWorld({ loadBalancerCidr: pool.range });
    world.create(core.services, service());
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'update' && operation.value.subresource === 'status') throw forbidden({ group: '', resource: 'services' }, 'web', 'no');
    };
    await world.run(serviceBalancerController);
    expect(world.eventsOf('web')).toContainEqual(expect.stringMatching(/^SyncLoadBalancerFailed: Error syncing load balancer: failed to update load balancer status: .*forbidden: no/));
    await world.stop();
  });

  it('get addresses of their own, say so, and give them back', async () => {
    const world = new ControllerWorld({ loadBalancerCidr: pool.range });
    const address = (name: string): string | undefined => world.get(core.services, name).status?.loadBalancer?.ingress?.[0]?.ip;
    world.create(core.nodes, { metadata: { name: 'n' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
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
