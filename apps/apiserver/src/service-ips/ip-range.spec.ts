import { addressIn, contains, dynamicOffset, parseServiceRange, parseServiceRanges, wandering } from './ip-range';

describe('a range of Service addresses', () => {
  it.each([
    ['10.96.0.0/24', ['10.96.0.0', '10.96.0.1', '10.96.0.254', '10.96.0.255', '10.96.1.1'], [false, true, true, false, false]],
    ['fd00:96::/112', ['fd00:96::', 'fd00:96::1', 'fd00:96::ffff', 'fd00:96::1:0', '10.96.0.1', 'x'], [false, true, true, false, false, false]],
  ])('%s leaves out the network and, in IPv4, the broadcast address', (cidr, addresses, expected) => {
    const range = parseServiceRange(cidr);
    expect(addresses.map((address) => contains(range, address))).toEqual(expected);
  });

  it('names addresses by their place', () => {
    expect([addressIn(parseServiceRange('10.96.0.0/12'), 258), addressIn(parseServiceRange('fd00:96::/64'), 0x1_0001)]).toEqual(['10.96.1.2', 'fd00:96::1:1']);
  });

  it.each(['10.96.0.0', '10.0.0.0/7', '10.0.0.0/31', 'fd00::/63', 'fd00::/127', 'x/16', '10.96.0.0/12,10.97.0.0/16', '10.96.0.0/12,fd00::/112,fd01::/112'])('%s is refused', (text) => {
    expect(() => parseServiceRanges(text)).toThrow('--service-cluster-ip-range');
  });

  it('may be one of each family, in any order', () => {
    expect(parseServiceRanges('fd00:96::/112,10.96.0.0/12').map(({ family }) => family)).toEqual(['IPv6', 'IPv4']);
  });

  it('begins automatic choices where upstream does', () => {
    expect(dynamicOffset(2 ** 20, 16, 16, 256)).toBe(256);
    expect(dynamicOffset(256, 16, 16, 256)).toBe(16);
    expect(dynamicOffset(16, 16, 16, 256)).toBe(0);
  });

  it('visits every number once', () => {
    expect([...wandering(3, 8, () => 2)]).toEqual([5, 6, 7, 3, 4]);
    expect([...wandering(3, 3, () => 0)]).toEqual([]);
  });
});
