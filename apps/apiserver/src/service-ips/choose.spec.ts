import { chooseForService, parsePortRange, type Taken } from './choose';
import { parseServiceRanges } from './ip-range';
import type { ServiceObject } from './service-claims';

const options = { addresses: parseServiceRanges('10.96.0.0/28'), nodePorts: parsePortRange('30000-30004'), random: () => 0 };
const nothing: Taken = { address: () => false, nodePort: () => false };
const service = (spec: Record<string, unknown>): ServiceObject => ({ metadata: { name: 's', namespace: 'd' }, spec });

describe('choosing for a Service', () => {
  it('takes the next free address, and says when there is none', () => {
    const first = service({ ports: [{ port: 80 }] });
    expect(chooseForService(first, undefined, options, { ...nothing, address: (address) => address === '10.96.0.1' })).toEqual([]);
    expect(first.spec?.clusterIP).toBe('10.96.0.2');
    expect(first.spec?.clusterIPs).toEqual(['10.96.0.2']);
    const full = chooseForService(service({ ports: [{ port: 80 }] }), undefined, options, { ...nothing, address: () => true });
    expect(full.map(({ message }) => message)).toEqual([expect.stringContaining('range is full')]);
  });

  it('goes on to the next range of the family when one is full, and takes what is asked for of any', () => {
    const two = { ...options, addresses: parseServiceRanges('10.96.0.0/30').concat(parseServiceRanges('10.200.0.0/28')) };
    const more = service({ ports: [] });
    expect(chooseForService(more, undefined, two, { ...nothing, address: (address) => address.startsWith('10.96.') })).toEqual([]);
    expect(more.spec?.clusterIPs).toEqual(['10.200.0.1']);
    expect(chooseForService(service({ clusterIP: '10.200.0.7', ports: [] }), undefined, two, nothing)).toEqual([]);
  });

  it('takes one of each family, and the missing one only', () => {
    const dual = { ...options, addresses: parseServiceRanges('10.96.0.0/28,fd00:96::/112') };
    const both = service({ ipFamilies: ['IPv6', 'IPv4'], ports: [{ port: 80 }] });
    expect(chooseForService(both, undefined, dual, nothing)).toEqual([]);
    expect(both.spec?.clusterIPs).toEqual(['fd00:96::101', '10.96.0.1']);
    expect(both.spec?.clusterIP).toBe('fd00:96::101');
    const held = service({ ipFamilies: ['IPv4'], clusterIP: '10.96.0.3', clusterIPs: ['10.96.0.3'], ports: [] });
    const more = service({ ...held.spec, ipFamilies: ['IPv4', 'IPv6'] });
    expect(chooseForService(more, held, dual, { ...nothing, address: (address) => address === '10.96.0.3' })).toEqual([]);
    expect(more.spec?.clusterIPs).toEqual(['10.96.0.3', 'fd00:96::101']);
  });

  it('gives headless and external Services no address', () => {
    for (const spec of [{ clusterIP: 'None' }, { type: 'ExternalName', externalName: 'x' }]) {
      const one = service(spec);
      expect(chooseForService(one, undefined, options, { ...nothing, address: () => true })).toEqual([]);
      expect(one.spec?.clusterIP).toBe(spec.clusterIP);
    }
  });

  it('refuses an address outside of the range, and one that is taken', () => {
    const refuse = (clusterIP: string, taken: Taken) => chooseForService(service({ clusterIP, ports: [] }), undefined, options, taken).map(({ message }) => message);
    expect(refuse('10.97.0.1', nothing)).toEqual([expect.stringContaining('failed to allocate IP 10.97.0.1: the provided network does not match the current range')]);
    expect(refuse('10.96.0.5', { ...nothing, address: () => true })).toEqual([expect.stringContaining('provided IP is already allocated')]);
  });

  it('gives each port a node port, TCP and UDP of one port the same', () => {
    const one = service({ type: 'NodePort', ports: [{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }, { port: 80, protocol: 'TCP' }] });
    expect(chooseForService(one, undefined, options, nothing)).toEqual([]);
    expect(one.spec?.ports?.map(({ nodePort }) => nodePort)).toEqual([30000, 30000, 30001]);
  });

  it('keeps what the Service has, whoever else might want it', () => {
    const held = service({ type: 'NodePort', clusterIP: '10.96.0.3', clusterIPs: ['10.96.0.3'], ports: [{ port: 80, protocol: 'TCP', nodePort: 30002 }] });
    const next = structuredClone(held);
    expect(chooseForService(next, held, options, { address: () => true, nodePort: () => true })).toEqual([]);
    expect(next).toEqual(held);
  });

  it('refuses the same node port twice, and one outside of the range', () => {
    const twice = service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }, { port: 81, nodePort: 30001 }, { port: 82, nodePort: 80 }] });
    expect(chooseForService(twice, undefined, options, nothing).map(({ message }) => message)).toEqual([
      expect.stringContaining('spec.ports[1].nodePort: Invalid value: 30001: provided port is already allocated'),
      expect.stringContaining('The range of valid ports is 30000-30004'),
    ]);
  });
});
