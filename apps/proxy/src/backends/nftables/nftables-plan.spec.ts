import { proxyv1 } from '@navarch/proto';
import { NftablesPlan } from './nftables-plan';
import { assignSlots, keepSlots } from './slots';

const endpoint = (address: string, port = 8080): proxyv1.Endpoint => ({ address, port });
const port = (over: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort => ({
  id: 'default/web:', protocol: proxyv1.Protocol.TCP, addresses: ['10.96.0.7'], port: 80, nodePort: 0, endpoints: [endpoint('10.244.0.2'), endpoint('10.244.1.2')],
  localEndpoints: [], internalLocal: false, externalLocal: false, affinitySeconds: 0, loadBalancerAddresses: [], loadBalancerSourceRanges: [], keptEndpoints: [], ...over,
});
const sync = (over: Partial<proxyv1.SyncRequest>): proxyv1.SyncRequest => ({ sequence: 1n, reset: false, upsert: [], remove: [], ...over });
/** Puts a request in force and answers its script. */
const apply = (plan: NftablesPlan, request: proxyv1.SyncRequest): string[] => {
  const { script, commit } = plan.plan(request);
  commit();
  return script.split('\n').filter((line) => line !== '');
};

describe('NftablesPlan', () => {
  let plan: NftablesPlan;
  beforeEach(() => {
    plan = new NftablesPlan({ family: 'IPv4', clusterCidrs: ['10.244.0.0/16'], nodePortAddresses: undefined });
    apply(plan, sync({ reset: true, upsert: [port()] }));
  });

  it('touches one element when one endpoint changes', () => {
    const lines = apply(plan, sync({ upsert: [port({ endpoints: [endpoint('10.244.0.2'), endpoint('10.244.1.9')] })] }));
    expect(lines).toEqual([
      'delete element ip navarch-proxy services-endpoints { 10.96.0.7 . tcp . 80 . 0x6e760001 }',
      'add element ip navarch-proxy services-endpoints { 10.96.0.7 . tcp . 80 . 0x6e760001 : 10.244.1.9 . 8080 }',
    ]);
  });

  it('says nothing when nothing changes', () => {
    expect(apply(plan, sync({ upsert: [port()] }))).toEqual([]);
  });

  it('moves a service to the chain for its number of endpoints, and makes the chain once', () => {
    const three = { endpoints: [endpoint('10.244.0.2'), endpoint('10.244.1.2'), endpoint('10.244.1.3')] };
    expect(apply(plan, sync({ upsert: [port(three)] })).filter((line) => line.startsWith('add chain'))).toEqual(['add chain ip navarch-proxy lb-address-3']);
    expect(apply(plan, sync({ upsert: [port({ ...three, id: 'default/other:', addresses: ['10.96.0.8'] })] })).filter((line) => line.startsWith('add chain'))).toEqual([]);
  });

  it('lends a freed slot where there is affinity, and remembers who comes to it with the slot of who has it', () => {
    const sticky = (...addresses: string[]): proxyv1.ServicePort => port({ affinitySeconds: 60, endpoints: addresses.map((address) => endpoint(address)) });
    apply(plan, sync({ upsert: [sticky('10.244.0.2', '10.244.1.2', '10.244.1.3')] }));
    expect(apply(plan, sync({ upsert: [sticky('10.244.1.2', '10.244.1.3')] }))).toEqual([
      'delete element ip navarch-proxy services-endpoints { 10.96.0.7 . tcp . 80 . 0x6e760000 }',
      'add element ip navarch-proxy services-lent { 10.96.0.7 . tcp . 80 . 0x6e760000 : 0x6e760001 }',
    ]);
    expect(apply(plan, sync({ upsert: [sticky('10.244.1.2', '10.244.1.3', '10.244.1.4')] }))).toEqual([
      'delete element ip navarch-proxy services-lent { 10.96.0.7 . tcp . 80 . 0x6e760000 }',
      'add element ip navarch-proxy services-endpoints { 10.96.0.7 . tcp . 80 . 0x6e760000 : 10.244.1.4 . 8080 }',
    ]);
  });

  it('lends nothing any more when affinity ends', () => {
    const web = (affinitySeconds: number, ...addresses: string[]): proxyv1.ServicePort => port({ affinitySeconds, endpoints: addresses.map((address) => endpoint(address)) });
    apply(plan, sync({ upsert: [web(60, '10.244.0.2', '10.244.1.2', '10.244.1.3')] }));
    apply(plan, sync({ upsert: [web(60, '10.244.1.2', '10.244.1.3')] }));
    const lines = apply(plan, sync({ upsert: [web(0, '10.244.1.2', '10.244.1.3')] })).join('\n');
    expect(lines).toContain('delete element ip navarch-proxy services-lent { 10.96.0.7 . tcp . 80 . 0x6e760000 }');
    expect(lines).toContain('10.96.0.7 . tcp . 80 . 0x6e760000 : 10.244.1.3 . 8080');
    expect(lines).not.toContain('add element ip navarch-proxy services-lent');
  });

  it('refuses connections to a service without endpoints', () => {
    const lines = apply(plan, sync({ upsert: [port({ endpoints: [] })] }));
    expect(lines).toContain('add element ip navarch-proxy services-closed { 10.96.0.7 . tcp . 80 : goto refuse }');
    expect(lines).toContain('delete element ip navarch-proxy services { 10.96.0.7 . tcp . 80 }');
  });

  it('keeps what another port of the service still needs', () => {
    apply(plan, sync({ upsert: [port({ id: 'default/web:tls', port: 443 })] }));
    expect(apply(plan, sync({ remove: ['default/web:'] })).join('\n')).not.toContain('cluster-ips');
    expect(apply(plan, sync({ remove: ['default/web:tls'] })).join('\n')).toContain('delete element ip navarch-proxy cluster-ips { 10.96.0.7 }');
  });

  it('gives an address that changes its owner in one request to the new one', () => {
    const lines = apply(plan, sync({ remove: ['default/web:'], upsert: [port({ id: 'default/next:' })] }));
    expect(lines).toEqual([]);
  });

  it('lets only the given ranges in to a load balancer address, each once', () => {
    const lines = apply(plan, sync({ upsert: [port({ addresses: ['10.96.0.7', '192.0.2.1'], loadBalancerAddresses: ['192.0.2.1'], loadBalancerSourceRanges: ['198.51.100.7/24', '198.51.100.0/28'] })] }));
    expect(lines).toContain('add element ip navarch-proxy restricted { 192.0.2.1 . tcp . 80 }');
    expect(lines).toContain('add element ip navarch-proxy allowed-sources { 192.0.2.1 . tcp . 80 . 198.51.100.0/24 }');
  });

  it('keeps silent where only this node has no endpoint', () => {
    expect(apply(plan, sync({ upsert: [port({ internalLocal: true })] }))).toContain('add element ip navarch-proxy services-closed { 10.96.0.7 . tcp . 80 : drop }');
  });

  it('tells clients apart where traffic from outside must stay on the node', () => {
    const lines = apply(plan, sync({ upsert: [port({ nodePort: 30080, externalLocal: true, localEndpoints: [endpoint('10.244.0.2')] })] }));
    expect(lines).toContain('add element ip navarch-proxy nodeports { tcp . 30080 : goto by-client-node-port-1-of-2 }');
    expect(lines).toContain('add rule ip navarch-proxy by-client-node-port-1-of-2 goto lb-node-port-1-local');
  });

  it('does not remember a change that the kernel refused', () => {
    const request = sync({ upsert: [port({ endpoints: [endpoint('10.244.0.9')] })] });
    const refused = plan.plan(request).script;
    expect(plan.plan(request).script).toBe(refused);
  });
});

describe('assignSlots', () => {
  const names = (endpoints: readonly proxyv1.Endpoint[]): string[] => endpoints.map(({ address }) => address);
  it.each<[string, string[], string[], string[]]>([
    ['keeps endpoints where they are', ['a', 'b', 'c'], ['c', 'b', 'a'], ['a', 'b', 'c']],
    ['fills a freed slot with a new endpoint', ['a', 'b', 'c'], ['a', 'c', 'd'], ['a', 'd', 'c']],
    ['moves the last into a hole', ['a', 'b', 'c'], ['b', 'c'], ['c', 'b']],
    ['adds at the end', ['a'], ['a', 'b'], ['a', 'b']],
    ['leaves nothing of what is gone', ['a', 'b'], [], []],
  ])('%s', (_name, before, wanted, expected) => {
    expect(names(assignSlots(before.map((name) => endpoint(name)), wanted.map((name) => endpoint(name))))).toEqual(expected);
  });
});

describe('keepSlots', () => {
  const endpoints = (names: readonly string[]): proxyv1.Endpoint[] => names.map((name) => endpoint(name));
  it.each<[string, string[], string[], string[]]>([
    ['leaves who stays where it is', ['a', 'b', 'c'], ['c', 'b', 'a'], ['a', 'b', 'c']],
    ['gives a freed slot to who is new', ['a', 'b', 'c'], ['a', 'c', 'd'], ['a', 'd', 'c']],
    ['gives a freed slot to one that stays, whose clients and the others\' stay too', ['a', 'b', 'c'], ['b', 'c'], ['b', 'b', 'c']],
    ['gives several to those that have the fewest', ['a', 'b', 'c', 'd', 'e'], ['c', 'e'], ['c', 'e', 'c', 'c', 'e']],
    ['lets go of those at the end', ['a', 'b', 'c'], ['a'], ['a']],
    ['is empty without endpoints', ['a', 'b'], [], []],
    ['begins with all that there are', [], ['a', 'b'], ['a', 'b']],
  ])('%s', (_, before, wanted, expected) => expect(keepSlots(endpoints(before), endpoints(wanted)).map(({ address }) => address)).toEqual(expected));

  it('gives what is lent to who is new, and nothing else', () => {
    const lent = keepSlots(endpoints(['a', 'b', 'c', 'd']), endpoints(['b', 'd']));
    expect(lent.map(({ address }) => address)).toEqual(['b', 'b', 'd', 'd']);
    expect(keepSlots(lent, endpoints(['b', 'd'])).map(({ address }) => address)).toEqual(['b', 'b', 'd', 'd']);
    expect(keepSlots(lent, endpoints(['b', 'd', 'e'])).map(({ address }) => address)).toEqual(['e', 'b', 'd', 'd']);
    expect(keepSlots(lent, endpoints(['d'])).map(({ address }) => address)).toEqual(['d', 'd', 'd', 'd']);
    expect(keepSlots(keepSlots(lent, endpoints(['d'])), endpoints(['d', 'b', 'e', 'f', 'g'])).map(({ address }) => address)).toEqual(['b', 'e', 'f', 'd', 'g']);
  });
});
