import { contains, dynamicOffset, formatIPv4, parseIPv4, parseRange, wandering } from './ip-range';

describe('an IPv4 range', () => {
  it('reads and writes addresses', () => {
    expect(formatIPv4(parseIPv4('10.96.0.10') ?? 0)).toBe('10.96.0.10');
    expect(formatIPv4(parseIPv4('255.255.255.255') ?? 0)).toBe('255.255.255.255');
    for (const wrong of ['10.96.0', '10.96.0.256', '10.96.00.1', 'a.b.c.d', '']) expect(parseIPv4(wrong)).toBeUndefined();
  });

  it('leaves out the network and the broadcast address', () => {
    const range = parseRange('10.96.0.0/24');
    const inside = (text: string) => contains(range, parseIPv4(text) ?? 0);
    expect(['10.96.0.0', '10.96.0.1', '10.96.0.254', '10.96.0.255', '10.96.1.1'].map(inside)).toEqual([false, true, true, false, false]);
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
