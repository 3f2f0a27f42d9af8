import { FieldPath } from '@navarch/apimachinery';
import { canonicalCidr, canonicalIpMessages, isStrictSubset, notSpecialIp, validCidr, validIp } from './ip';
import { parseCidr, parseIp } from './ip-address';
import { cidrWarnings, ipWarnings } from './ip-warnings';
import { type Findings } from './rules';

const path = FieldPath.of('f');
const messages = (check: (found: Findings) => unknown): string[] => {
  const found: Findings = [];
  check(found);
  return found.map(({ body }) => body.replace(/^Invalid value: "[^"]*": /, ''));
};

describe('IP addresses', () => {
  it.each<[text: string, family: string, canonical: string]>([
    ['10.9.8.7', 'IPv4', '10.9.8.7'],
    ['010.009.08.7', 'IPv4', '10.9.8.7'],
    ['::ffff:1.2.3.4', 'IPv4', '1.2.3.4'],
    ['::ffff:0102:0304', 'IPv4', '1.2.3.4'],
    ['2001:db8:0:0:0:0:0:1', 'IPv6', '2001:db8::1'],
    ['2001:DB8::1', 'IPv6', '2001:db8::1'],
    ['1:0:0:2:0:0:0:3', 'IPv6', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', 'IPv6', '1:0:2:3:4:5:6:7'],
    ['::', 'IPv6', '::'],
    ['1::', 'IPv6', '1::'],
    ['64:ff9b::1.2.3.04', 'IPv6', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:1.2.3.4', 'IPv6', '1:2:3:4:5:6:102:304'],
  ])('%s is of %s, rightly written %s', (text, family, canonical) => {
    expect(parseIp(text)?.family).toBe(family);
    expect(parseIp(text)?.text).toBe(canonical);
  });

  it.each<[text: string, bits: number, canonical: string]>([
    ['10.1.2.3/16', 16, '10.1.0.0/16'],
    ['10.0.0.0/08', 8, '10.0.0.0/8'],
    ['2001:db8::1/33', 33, '2001:db8::/33'],
    ['::ffff:10.1.2.3/120', 120, '10.1.2.0/24'],
    ['0.0.0.0/0', 0, '0.0.0.0/0'],
  ])('the range %s has %s bits, rightly written %s', (text, bits, canonical) => {
    expect(parseCidr(text)?.bits).toBe(bits);
    expect(parseCidr(text)?.text).toBe(canonical);
  });

  it.each(['256.1.1.1', '1.2.3', 'fe80::1%eth0', '', 'a.b.c.d', '1:2', '1.2.3.4.5'])('are not %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it.each(['10.0.0.0/33', '10.0.0.0', '10.0.0.0/', '::/129', 'x/8'])('make no range by %j', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it.each<[text: string, messages: string[]]>([
    ['10.9.8.7', []],
    ['2001:DB8::1', []],
    ['x', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['10.9.8.007', ['must not have leading 0s']],
    ['::ffff:1.2.3.4', ['must not be an IPv4-mapped IPv6 address']],
  ])('%s, in an older field, is met with %j, and may stay', (text, expected) => {
    expect(messages((found) => validIp(text, path, found))).toEqual(expected);
    expect(messages((found) => validIp(text, path, found, new Set(['1.1.1.1', text])))).toEqual([]);
  });

  it.each<[text: string, messages: string[]]>([
    ['10.9.8.0/24', []],
    ['2001:DB8::/32', []],
    ['10.9.8.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['10.9.08.0/24', ['must not have leading 0s in IP or prefix length']],
    ['10.9.8.0/024', ['must not have leading 0s in IP or prefix length']],
    ['::ffff:10.9.8.0/120', ['must not have an IPv4-mapped IPv6 address']],
    ['10.9.8.7/24', ['must not have bits set beyond the prefix length']],
  ])('the range %s, in an older field, is met with %j, and may stay', (text, expected) => {
    expect(messages((found) => validCidr(text, path, found))).toEqual(expected);
    expect(messages((found) => validCidr(text, path, found, new Set([text])))).toEqual([]);
  });

  it('have one right form in newer fields', () => {
    expect(canonicalIpMessages('2001:db8::1')).toEqual([]);
    expect(canonicalIpMessages('2001:DB8::1')).toEqual(['must be in canonical form ("2001:db8::1")']);
    expect(canonicalIpMessages('01.2.3.4')).toEqual(['must not have leading 0s']);
    expect(messages((found) => canonicalCidr('2001:db8:0::/64', path, found))).toEqual(['must be in canonical form ("2001:db8::/64")']);
    expect(messages((found) => canonicalCidr('10.0.0.1/8', path, found))).toEqual(['must not have bits set beyond the prefix length']);
  });

  it.each<[text: string, warnings: string[]]>([
    ['192.12.2.2', []],
    ['2001:db8::2', []],
    ['192.012.2.2', ['f: non-standard IP address "192.012.2.2" is invalid: use "192.12.2.2"']],
    ['::ffff:192.12.2.2', ['f: non-standard IP address "::ffff:192.12.2.2" is invalid: use "192.12.2.2"']],
    ['2001:db8:0:0::2', ['f: IPv6 address "2001:db8:0:0::2" should be in RFC 5952 canonical format ("2001:db8::2")']],
    ['x', []],
  ])('%s is let be with %j', (text, expected) => {
    expect(ipWarnings(text, path)).toEqual(expected);
  });

  it.each<[text: string, warnings: string[]]>([
    ['192.12.2.0/24', []],
    ['2001:db8::/64', []],
    ['192.012.2.0/24', ['f: non-standard CIDR value "192.012.2.0/24" is invalid: use "192.12.2.0/24"']],
    ['192.12.2.8/24', ['f: CIDR value "192.12.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)']],
    ['2001:db8:0:0::/64', ['f: IPv6 CIDR value "2001:db8:0:0::/64" should be in RFC 5952 canonical format ("2001:db8::/64")']],
    ['192.012.2.8/24', [
      'f: CIDR value "192.012.2.8/24" is ambiguous in this context (should be "192.12.2.0/24" or "192.12.2.8/32"?)',
      'f: non-standard CIDR value "192.012.2.8/24" is invalid: use "192.12.2.0/24"',
    ]],
  ])('the range %s is let be with %j', (text, expected) => {
    expect(cidrWarnings(text, path)).toEqual(expected);
  });

  it.each<[inner: string, outer: string, lies: boolean]>([
    ['10.1.0.0/16', '10.0.0.0/8', true], ['10.0.0.0/8', '10.0.0.0/8', false], ['11.0.0.0/16', '10.0.0.0/8', false], ['2001:db8:1::/48', '2001:db8::/32', true],
    ['2001:db8::/64', '10.0.0.0/8', false], ['10.0.128.0/18', '10.0.128.0/17', true], ['10.0.0.0/18', '10.0.128.0/17', false],
  ])('%s lies in %s: %s', (inner, outer, lies) => {
    expect(isStrictSubset(parseCidr(inner)!, parseCidr(outer)!)).toBe(lies);
  });

  it.each<[text: string, messages: string[]]>([
    ['0.0.0.0', ['may not be unspecified (0.0.0.0)']], ['::', ['may not be unspecified (::)']],
    ['127.1.2.3', ['may not be in the loopback range (127.0.0.0/8, ::1/128)']], ['::ffff:127.0.0.1', ['may not be in the loopback range (127.0.0.0/8, ::1/128)']],
    ['fe80::1', ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']], ['224.0.0.9', ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']],
    ['10.0.0.1', []], ['x', ['must be a valid IP address']],
  ])('%s stands for something outside of its host, but for %j', (text, expected) => {
    expect(messages((found) => notSpecialIp(text, path, found))).toEqual(expected);
  });
});
