import { formatAddress, parseAddress } from './address';
import { addressAt, canonicalAddress, familyOf, formatIpRange, inRange, offsetIn, parseIpRange, rangeSize, rangesOverlap, type IpRange } from './ip-range';

const range = (text: string): IpRange => {
  const parsed = parseIpRange(text);
  if (parsed === undefined) throw new Error(`${text} is no range`);
  return parsed;
};

describe('a range of addresses', () => {
  it.each([['10.96.7.1/12', '10.96.0.0/12'], ['fd00:0:0::77/64', 'fd00::/64'], ['192.0.2.1', '192.0.2.1/32'], ['::1', '::1/128'], ['0.0.0.0/0', '0.0.0.0/0'], ['::/0', '::/0']])('%s is written %s', (text, written) => {
    expect(formatIpRange(range(text))).toBe(written);
  });

  it.each(['', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'fd00::1::/64', '10.0.0.0/', '/8', 'x'])('%p is none', (text) => {
    expect(parseIpRange(text)).toBeUndefined();
  });

  it.each([
    ['10.97.0.1', '10.96.0.0/12', true], ['10.112.0.1', '10.96.0.0/12', false], ['fd00:96::a', 'fd00:96::/112', true], ['fd00:96::1:a', 'fd00:96::/112', false],
    ['fd00::1', '0.0.0.0/0', false], ['10.0.0.1', '::/0', false], ['10.0.0.0/24', '10.0.0.0/16', true], ['10.0.0.0/8', '10.0.0.0/16', false],
  ])('%s in %s: %p', (inner, outer, expected) => {
    expect(inRange(inner, outer)).toBe(expected);
  });

  it('shares addresses with what it contains and what contains it', () => {
    expect(rangesOverlap(range('10.0.0.0/8'), range('10.244.0.0/16'))).toBe(true);
    expect(rangesOverlap(range('10.244.0.0/16'), range('10.0.0.0/8'))).toBe(true);
    expect(rangesOverlap(range('fd00:1::/64'), range('fd00:2::/64'))).toBe(false);
    expect(rangesOverlap(range('0.0.0.0/0'), range('::/0'))).toBe(false);
  });

  it('counts its addresses', () => {
    expect([rangeSize(range('10.0.0.0/24')), rangeSize(range('fd00::/64'))]).toEqual([256n, 2n ** 64n]);
    expect(formatAddress(addressAt(range('10.0.0.0/16'), 256n))).toBe('10.0.1.0');
    expect(formatAddress(addressAt(range('fd00::/108'), 0x1_0000n))).toBe('fd00::1:0');
    expect(offsetIn(range('fd00::/64'), parseAddress('fd00::1:2') ?? [])).toBe(0x1_0002n);
  });

  it('tells families, and the one way to write an address', () => {
    expect([familyOf('10.0.0.1'), familyOf('fd00::/64')]).toEqual(['IPv4', 'IPv6']);
    expect(['FD00:0:0:1:0:0:0:1', '2001:db8:0:0:1:0:0:1', '10.0.0.1', 'x'].map(canonicalAddress)).toEqual(['fd00:0:0:1::1', '2001:db8::1:0:0:1', '10.0.0.1', 'x']);
  });
});
