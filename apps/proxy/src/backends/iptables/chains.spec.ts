import type { IpFamily } from '@navarch/apimachinery';
import { proxyv1 } from '@navarch/proto';
import { familyWords } from '../family-words';
import { allChains, jumps, leftChains, restoreScript, type Chains } from './chains';
import { containsLoopback, openedChain } from './localhost-ports';
import { portRules } from './port-rules';

const port = (over: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort => ({
  id: 'default/web:', protocol: proxyv1.Protocol.TCP, addresses: ['10.96.0.7'], port: 80, nodePort: 0, endpoints: [{ address: '10.244.0.2', port: 8080 }, { address: '10.244.1.2', port: 8080 }],
  localEndpoints: [], internalLocal: false, externalLocal: false, affinitySeconds: 0, loadBalancerAddresses: [], loadBalancerSourceRanges: [], keptEndpoints: [], ...over,
});
const chainsOf = (...ports: proxyv1.ServicePort[]): ReturnType<typeof allChains> => allChains(familyWords.IPv4, ports.map((each) => portRules(each, ['10.244.0.0/16'])), {});
const services = (chains: { nat: Chains }): readonly string[] => chains.nat.get('NAVARCH-SERVICES') ?? [];

describe('rules for iptables', () => {
  it('leads a cluster IP to a chain that shares traffic evenly', () => {
    const chains = chainsOf(port());
    const target = /-j (\S+)$/.exec(services(chains)[0] ?? '')?.[1] ?? '';
    expect(services(chains)[0]).toBe(`-d 10.96.0.7/32 -p tcp -m tcp --dport 80 -j ${target}`);
    expect(chains.nat.get(target)).toEqual([
      '! -s 10.244.0.0/16 -d 10.96.0.7/32 -p tcp -m tcp --dport 80 -j NAVARCH-MARK-MASQ',
      expect.stringMatching(/^-m statistic --mode random --probability 0\.5000000000 -j NAVARCH-SEP-/),
      expect.stringMatching(/^-j NAVARCH-SEP-/),
    ]);
  });

  it('keeps chain names within the kernel\'s 28 characters', () => {
    const chains = chainsOf(port({ nodePort: 30080, externalLocal: true, localEndpoints: [{ address: '10.244.0.2', port: 8080 }] }));
    for (const name of chains.nat.keys()) expect(name.length).toBeLessThanOrEqual(28);
  });

  it('lets through what is sent on for Services, and refuses what is closed before that', () => {
    expect(chainsOf(port()).filter.get('NAVARCH-FORWARD')).toEqual(['-m conntrack --ctstate INVALID -j DROP', '-m mark --mark 0x4000/0x4000 -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']);
    expect(allChains(familyWords.IPv4, [], { tcpBeLiberal: true }).filter.get('NAVARCH-FORWARD')).toEqual(['-m mark --mark 0x4000/0x4000 -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']);
    // Each jump is put before those that are there.
    expect(jumps.filter(({ from }) => from === 'FORWARD').map(({ rule }) => rule.split(' ').at(-1))).toEqual(['NAVARCH-FORWARD', 'NAVARCH-CLOSED']);
  });

  it('serves node ports on loopback addresses only where the kernel routes those, and guards who listens there', () => {
    const chains = (...localhost: [{ opened: boolean }?]): unknown[] => {
      const { nat, filter } = allChains(familyWords.IPv4, [portRules(port({ nodePort: 30_080 }), [])], { localhost: localhost[0] });
      return [nat.get('NAVARCH-NODEPORTS')?.length, filter.get('NAVARCH-LOCALNET')?.length, filter.has(openedChain)];
    };
    expect([chains(), chains({ opened: false }), chains({ opened: true })]).toEqual([[2, 0, false], [1, 1, false], [1, 1, true]]);
  });

  it.each<[IpFamily, string[] | undefined, boolean]>([
    ['IPv4', undefined, true], ['IPv6', undefined, false], ['IPv4', [], false], ['IPv4', ['172.30.0.0/16', '127.0.2.0/28'], true], ['IPv4', ['64.0.0.0/2'], true], ['IPv4', ['128.0.2.0/28', '172.30.0.0/16'], false],
  ])('takes addresses of node ports in %s, %j, for some of loopback: %s', (family, ranges, expected) => {
    expect(containsLoopback(family, ranges)).toBe(expected);
  });

  it('speaks SCTP', () => {
    const chains = chainsOf(port({ protocol: proxyv1.Protocol.SCTP }));
    expect(services(chains)[0]).toContain('-p sctp -m sctp --dport 80');
    expect([...chains.nat.values()].flat()).toContain('-p sctp -m sctp -j DNAT --to-destination 10.244.0.2:8080');
  });

  it('rewrites only the chains that differ', () => {
    const before = chainsOf(port(), port({ id: 'default/other:', addresses: ['10.96.0.8'] }));
    const after = chainsOf(port(), port({ id: 'default/other:', addresses: ['10.96.0.8'], endpoints: [{ address: '10.244.0.2', port: 8080 }] }));
    const script = restoreScript('nat', before.nat, after.nat);
    expect(script).toContain('10.96.0.8');
    const mine = /-j (NAVARCH-SVC-\S+)$/.exec(services(before)[0] ?? '')?.[1] ?? '';
    expect(script).not.toContain(`:${mine} `);
    expect(restoreScript('nat', after.nat, after.nat)).toBe('');
  });

  it('removes chains of an earlier run that nobody wants, and none of others', () => {
    const left = leftChains(':PREROUTING ACCEPT [0:0]\n:CNI-HOSTPORT-DNAT - [0:0]\n:NAVARCH-SVC-OLD - [0:0]\n');
    expect(left).toEqual(['NAVARCH-SVC-OLD']);
    expect(restoreScript('nat', new Map([['NAVARCH-SVC-OLD', ['x']]]), chainsOf().nat)).toContain('-X NAVARCH-SVC-OLD');
  });

  it('refuses where there is no endpoint, and keeps silent where only this node has none', () => {
    expect(chainsOf(port({ endpoints: [] })).filter.get('NAVARCH-CLOSED')).toContain('-d 10.96.0.7/32 -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset');
    expect(chainsOf(port({ internalLocal: true })).filter.get('NAVARCH-CLOSED')).toContain('-d 10.96.0.7/32 -p tcp -m tcp --dport 80 -j DROP');
  });
});
