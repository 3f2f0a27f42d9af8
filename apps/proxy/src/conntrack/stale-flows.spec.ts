import { proxyv1 } from '@navarch/proto';
import { parseFlows, staleFlows } from './stale-flows';

const listed = `udp      17 28 src=10.244.0.9 dst=10.96.0.10 sport=40000 dport=53 src=10.244.0.5 dst=10.244.0.9 sport=5353 dport=40000 [ASSURED] mark=0 use=1
udp      17 28 src=10.244.0.9 dst=10.96.0.10 sport=40001 dport=53 [UNREPLIED] src=10.96.0.10 dst=10.244.0.9 sport=53 dport=40001 mark=0 use=1
udp      17 28 src=10.244.0.9 dst=192.0.2.1 sport=40002 dport=30053 src=192.0.2.1 dst=172.30.1.11 sport=30053 dport=40002 mark=0 use=1
udp      17 28 src=192.0.2.9 dst=172.30.1.11 sport=40003 dport=30053 src=10.244.0.5 dst=172.30.1.11 sport=5353 dport=40003 mark=0 use=1
tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1
`;
const dns = (addresses: string[]): proxyv1.ServicePort => ({
  id: 'kube-system/kube-dns:dns', protocol: proxyv1.Protocol.UDP, addresses: ['10.96.0.10'], port: 53, nodePort: 30053, endpoints: addresses.map((address) => ({ address, port: 5353 })), localEndpoints: [],
  internalLocal: false, externalLocal: false, affinitySeconds: 0, loadBalancerAddresses: [], loadBalancerSourceRanges: [], keptEndpoints: [],
});
const sourcePorts = (addresses: string[]): number[] => staleFlows(parseFlows(listed), [dns(addresses)]).map(({ sourcePort }) => sourcePort);

describe('staleFlows', () => {
  it('keeps flows to endpoints that are still there', () => {
    expect(sourcePorts(['10.244.0.5'])).not.toContain(40_000);
  });

  it('finds flows to an endpoint that is gone, by service address and by node port', () => {
    expect(sourcePorts(['10.244.0.6'])).toEqual([40_000, 40_001, 40_003]);
  });

  it('keeps flows to an endpoint that is nobody\'s choice any more but serves, as one that is going away', () => {
    const going = { ...dns(['10.244.0.6']), keptEndpoints: [{ address: '10.244.0.5', port: 5353 }] };
    expect(staleFlows(parseFlows(listed), [going]).map(({ sourcePort }) => sourcePort)).toEqual([40_001]);
  });

  it('finds flows that began before there was an endpoint, and leaves them while there is none', () => {
    expect(sourcePorts(['10.244.0.5'])).toEqual([40_001]);
    expect(sourcePorts([])).toEqual([40_000, 40_003]);
  });

  it('leaves flows to other machines alone, whatever their port', () => {
    expect(sourcePorts(['10.244.0.6'])).not.toContain(40_002);
  });

  it('reads flows of IPv6', () => {
    const line = 'udp      17 28 src=fd00:10:244::9 dst=fd00:10:96::a sport=40000 dport=53 src=fd00:10:244::5 dst=fd00:10:244::9 sport=5353 dport=40000 [ASSURED] mark=0 use=1';
    const port = (address: string): proxyv1.ServicePort => ({ ...dns([]), id: 'kube-system/kube-dns:dns/IPv6', addresses: ['fd00:10:96::a'], endpoints: [{ address, port: 5353 }] });
    expect(staleFlows(parseFlows(line), [port('fd00:10:244::5')])).toEqual([]);
    expect(staleFlows(parseFlows(line), [port('fd00:10:244::6')])).toMatchObject([{ source: 'fd00:10:244::9', sourcePort: 40_000, destination: 'fd00:10:96::a' }]);
  });
});
