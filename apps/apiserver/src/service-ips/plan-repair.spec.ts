import type { networkingv1 } from '@navarch/api';
import { ipAddressOf } from './ip-address';
import { planAddressRepair, planServiceRepair, type RepairFacts } from './plan-repair';
import type { ServiceObject } from './service-claims';

const service = (name: string, ...clusterIPs: string[]): ServiceObject => ({ metadata: { name, namespace: 'bar' }, spec: { clusterIPs } });
const others: Readonly<Record<string, ServiceObject>> = { other: service('other', '10.0.1.1'), moved: service('moved', '10.0.9.9') };
const facts = (...objects: networkingv1.IPAddress[]): RepairFacts => ({
  isInRange: (address) => address.startsWith('10.0.') || address.startsWith('2001:db8::'),
  addressNamed: (address) => objects.find(({ metadata }) => metadata.name === address),
  serviceNamed: (_namespace, name) => others[name],
});
const held = (by: string, change: (object: networkingv1.IPAddress) => void = () => undefined, address = '10.0.1.1'): networkingv1.IPAddress => {
  const object = ipAddressOf(service(by), address);
  change(object);
  return object;
};

describe('the addresses of a Service', () => {
  const mine = service('web', '10.0.1.1');
  it.each<[string, ServiceObject, RepairFacts, ReturnType<typeof planServiceRepair>]>([
    ['are left alone when all is right', mine, facts(held('web')), []],
    ['need nothing when it has none', service('web', 'None'), facts(), []],
    ['need nothing when they are from outside', { ...mine, spec: { ...mine.spec, type: 'ExternalName' } }, facts(), []],
    ['are held again, each of them', service('web', '10.0.1.1', '2001:db8::10'), facts(), [
      { address: '10.0.1.1', action: 'create', notice: { reason: 'ClusterIPNotAllocated', message: 'Cluster IP [IPv4]: 10.0.1.1 is not allocated; repairing' } },
      { address: '2001:db8::10', action: 'create', notice: { reason: 'ClusterIPNotAllocated', message: 'Cluster IP [IPv6]: 2001:db8::10 is not allocated; repairing' } },
    ]],
    ['that no range has are not held', service('web', '192.168.1.1'), facts(), [{ address: '192.168.1.1', notice: { reason: 'ClusterIPOutOfRange', message: 'Cluster IP [IPv4]: 192.168.1.1 is not within any configured Service CIDR; please recreate service' } }]],
    ['that are none are told of', service('web', 'x'), facts(), [{ address: 'x', notice: { reason: 'ClusterIPNotValid', message: 'Cluster IP x is not a valid IP; please recreate Service' } }]],
    ['are taken from what is no Service', mine, facts(held('web', ({ spec }) => (spec.parentRef = { resource: 'nodes', name: 'n' }))), [{ address: '10.0.1.1', action: 'recreate', notice: { reason: 'ClusterIPNotAllocated', message: 'the ClusterIP [IPv4]: 10.0.1.1 for Service bar/web has a wrong reference; repairing' } }]],
    ['are taken from a Service that is gone', mine, facts(held('gone')), [{ address: '10.0.1.1', action: 'recreate', notice: { reason: 'ClusterIPNotAllocated', message: 'the ClusterIP [IPv4]: 10.0.1.1 for Service bar/web has a wrong reference; repairing' } }]],
    ['stay with another that has them too', mine, facts(held('other')), [{ address: '10.0.1.1', notice: { reason: 'ClusterIPAlreadyAllocated', message: 'Cluster IP [IPv4]:10.0.1.1 was assigned to multiple services; please recreate service' } }]],
    ['get their labels back', mine, facts(held('web', ({ metadata }) => (metadata.labels = {}))), [{ address: '10.0.1.1', action: 'recreate' }]],
  ])('%s', (_name, given, seen, expected) => expect(planServiceRepair(given, seen)).toEqual(expected));
});

describe('an address', () => {
  const made = Date.parse('2026-01-01T00:00:00Z');
  const dated = (by: string, change?: (object: networkingv1.IPAddress) => void): networkingv1.IPAddress => held(by, (object) => {
    object.metadata.creationTimestamp = '2026-01-01T00:00:00Z';
    change?.(object);
  });
  it.each<[string, networkingv1.IPAddress, ServiceObject | undefined, ReturnType<typeof planAddressRepair>]>([
    ['stays with its Service', dated('web'), service('web', '10.0.1.1'), {}],
    ['of others is theirs', dated('gone', ({ metadata }) => (metadata.labels = {})), undefined, {}],
    ['of a Service that is gone goes', dated('gone'), undefined, { notice: { reason: 'IPAddressNotAllocated', message: 'IPAddress: 10.0.1.1 for Service bar/gone appears to have leaked: cleaning up' } }],
    ['that its Service does not have goes', dated('web'), service('web', '10.0.1.2'), { notice: { reason: 'IPAddressWrongReference', message: 'IPAddress: 10.0.1.1 for Service bar/web has a wrong reference; cleaning up' } }],
    ['that was given to something else goes', dated('web', ({ spec }) => (spec.parentRef = { group: 'x', resource: 'y', name: 'z' })), undefined, { notice: { reason: 'IPAddressNotAllocated', message: 'IPAddress 10.0.1.1 appears to have been modified, not referencing a Service &ParentReference{Group:x,Resource:y,Namespace:,Name:z,}: cleaning up' } }],
  ])('%s', (_name, object, parent, expected) => expect(planAddressRepair(object, parent, made + 61_000)).toEqual(expected));

  it('waits a minute for a Service that is in the making', () => expect(planAddressRepair(dated('new'), undefined, made + 10_000)).toEqual({ againMs: 50_001 }));
});
