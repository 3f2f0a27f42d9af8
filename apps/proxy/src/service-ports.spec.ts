import type { corev1, discoveryv1 } from '@navarch/api';
import { healthCheckPort, localReadyEndpoints, servicePorts } from './service-ports';

const service = (spec: Partial<corev1.ServiceSpec> = {}, status: corev1.ServiceStatus = {}): corev1.Service => ({
  metadata: { namespace: 'default', name: 'web' }, spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80, protocol: 'TCP' }], ...spec }, status,
});
const slice = (...endpoints: discoveryv1.Endpoint[]): discoveryv1.EndpointSlice => ({
  metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', ports: [{ port: 8080, protocol: 'TCP' }], endpoints,
});
const at = (address: string, over: Partial<discoveryv1.Endpoint> = {}): discoveryv1.Endpoint => ({ addresses: [address], conditions: { ready: true, serving: true, terminating: false }, ...over });
const going = { ready: false, serving: true, terminating: true };
const place = { nodeName: 'node-1', zone: 'a' };
const addresses = (endpoints: readonly { address: string }[] | undefined): string[] => (endpoints ?? []).map(({ address }) => address);
const all = (...endpoints: discoveryv1.Endpoint[]): string[] => addresses(servicePorts(service(), [slice(...endpoints)], place)[0]?.endpoints);

describe('servicePorts', () => {
  it.each<[string, corev1.Service]>([
    ['headless Services', service({ clusterIP: 'None', clusterIPs: ['None'] })],
    ['ExternalName Services', service({ type: 'ExternalName', externalName: 'example.com' })],
    ['Services that are said to be headless', { ...service(), metadata: { namespace: 'default', name: 'web', labels: { 'service.kubernetes.io/headless': '' } } }],
    ['Services of another proxy', { ...service(), metadata: { namespace: 'default', name: 'web', labels: { 'service.kubernetes.io/service-proxy-name': 'other' } } }],
  ])('leaves %s alone', (_what, given) => {
    expect(servicePorts(given, [slice(at('10.244.0.2'))], place)).toEqual([]);
  });

  it.each(['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'])('reads no slices with the label %s', (label) => {
    const ours = slice(at('10.244.0.2'));
    const other = { ...ours, metadata: { ...ours.metadata, labels: { ...ours.metadata.labels, [label]: '' } }, endpoints: [at('10.244.0.3')] };
    expect(addresses(servicePorts(service(), [other, ours], place)[0]?.endpoints)).toEqual(['10.244.0.2']);
  });

  it('falls back to endpoints that are going away but serve, where none is ready', () => {
    expect(all(at('10.244.0.2'), at('10.244.0.3', { conditions: going }))).toEqual(['10.244.0.2']);
    expect(all(at('10.244.0.2', { conditions: { ready: false, serving: false, terminating: true } }), at('10.244.0.3', { conditions: going }))).toEqual(['10.244.0.3']);
  });

  it('tells which endpoints go on with what they have, where there are no connections that would do so by themselves', () => {
    const kept = (protocol: string): string[] => {
      const given = { ...slice(at('10.244.0.2'), at('10.244.0.3', { conditions: going }), at('10.244.0.4', { conditions: { ready: false, serving: false } })), ports: [{ port: 53, protocol }] };
      return addresses(servicePorts(service({ ports: [{ port: 53, protocol }] }), [given], place)[0]?.keptEndpoints);
    };
    expect([kept('UDP'), kept('TCP')]).toEqual([['10.244.0.3'], []]);
  });

  it('keeps to its zone where all endpoints say whom they are for', () => {
    const forZone = (name: string): Partial<discoveryv1.Endpoint> => ({ hints: { forZones: [{ name }] } });
    expect(all(at('10.244.0.2', forZone('a')), at('10.244.1.2', forZone('b')))).toEqual(['10.244.0.2']);
    expect(all(at('10.244.0.2', forZone('a')), at('10.244.1.2'))).toHaveLength(2);
    expect(all(at('10.244.0.2', forZone('b')), at('10.244.1.2', forZone('b')))).toHaveLength(2);
  });

  it('prefers its own node to its zone', () => {
    const hints = (zone: string, node: string): Partial<discoveryv1.Endpoint> => ({ hints: { forZones: [{ name: zone }], forNodes: [{ name: node }] } });
    expect(all(at('10.244.0.2', hints('a', 'node-1')), at('10.244.0.3', hints('a', 'node-2')))).toEqual(['10.244.0.2']);
  });

  it('tells load balancer addresses and their sources', () => {
    const [port] = servicePorts(
      service(
        { type: 'LoadBalancer', externalIPs: ['192.0.2.9'], loadBalancerSourceRanges: ['198.51.100.0/24', '2001:db8::/32'] },
        { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }] } },
      ),
      [],
      place,
    );
    expect(port).toMatchObject({ addresses: ['10.96.0.7', '192.0.2.9', '192.0.2.1'], loadBalancerAddresses: ['192.0.2.1'], loadBalancerSourceRanges: ['198.51.100.0/24'] });
  });

  it.each<[string, string[], string[]]>([
    ['may', ['172.30.0.2', 'fd00:172:30::2'], ['198.51.100.0/24', '172.30.0.0/16', '192.0.2.1/32']], ['may not', ['172.31.0.2'], ['198.51.100.0/24', '172.30.0.0/16']], ['is not known to', [], ['198.51.100.0/24', '172.30.0.0/16']],
  ])('lets a node ask a load balancer whose address it has itself, if it %s', (_may, own, ranges) => {
    const [port] = servicePorts(service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['198.51.100.0/24', '172.30.0.0/16'] }, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }), [], { ...place, addresses: own });
    expect(port?.loadBalancerSourceRanges).toEqual(ranges);
  });

  it('makes a Service of both families one port for each, with the addresses of its own', () => {
    const both = service(
      {
        clusterIPs: ['10.96.0.7', 'FD00:10:96::7'],
        ipFamilies: ['IPv4', 'IPv6'],
        externalIPs: ['2001:db8:0:0::9', '192.0.2.9'],
        loadBalancerSourceRanges: ['2001:db8::/32', '198.51.100.0/24'],
        type: 'LoadBalancer',
      },
      { loadBalancer: { ingress: [{ ip: '2001:db8::1' }] } },
    );
    const slices = [slice(at('10.244.0.2')), { ...slice(at('fd00:10:244:0::2')), addressType: 'IPv6' }];
    expect(servicePorts(both, slices, place)).toMatchObject([
      { id: 'default/web:', addresses: ['10.96.0.7', '192.0.2.9'], endpoints: [{ address: '10.244.0.2' }], loadBalancerAddresses: [], loadBalancerSourceRanges: ['198.51.100.0/24'] },
      { id: 'default/web:/IPv6', addresses: ['fd00:10:96::7', '2001:db8::9', '2001:db8::1'], endpoints: [{ address: 'fd00:10:244::2' }], loadBalancerAddresses: ['2001:db8::1'], loadBalancerSourceRanges: ['2001:db8::/32'] },
    ]);
    expect(servicePorts(service({ clusterIP: 'fd00::7', clusterIPs: ['fd00::7'] }), slices, place).map(({ id }) => id)).toEqual(['default/web:/IPv6']);
  });

  it('knows the health check port of a load balancer that must stay on the node', () => {
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 };
    expect(healthCheckPort(service(spec))).toBe(32_000);
    expect(healthCheckPort(service({ ...spec, externalTrafficPolicy: 'Cluster' }))).toBeUndefined();
  });

  it('counts for load balancers the pods of its node that are ready, whatever their ports and families, and none that is going away', () => {
    const here = { nodeName: 'node-1' };
    const two = service({ ports: [{ name: 'a', port: 80 }, { name: 'b', port: 81 }] });
    const named = (...endpoints: discoveryv1.Endpoint[]): discoveryv1.EndpointSlice => ({ ...slice(...endpoints), ports: [{ name: 'a', port: 8080 }, { name: 'b', port: 8081 }] });
    const v6 = { ...named(at('fd00:10:244::2', here)), addressType: 'IPv6' };
    expect(localReadyEndpoints(two, [named(at('10.244.0.2', here), at('10.244.0.3', here), at('10.244.1.2', { nodeName: 'node-2' })), v6], 'node-1')).toBe(2);
    expect(localReadyEndpoints(service(), [slice(at('10.244.0.2', { ...here, conditions: going }))], 'node-1')).toBe(0);
  });
});
