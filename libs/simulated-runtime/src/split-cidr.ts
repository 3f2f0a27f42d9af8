/**
 * One pod CIDR per node: those given, in order; a single one for several nodes is split into /24 ranges.
 * @throws RangeError when they do not suffice
 */
export function podCidrsOf(cidrs: readonly string[], nodes: number): readonly string[] {
  if (cidrs.length >= nodes) return cidrs.slice(0, nodes);
  const [only, ...more] = cidrs;
  if (only === undefined || more.length > 0) throw new RangeError(`${cidrs.length} pod CIDRs for ${nodes} endpoints: give one for each, or one to split`);
  const [network = '', bits = ''] = only.split('/');
  const octets = network.split('.').map(Number);
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const ranges = 2 ** (24 - Number(bits));
  if (octets.length !== 4 || !Number.isInteger(first) || !(ranges >= nodes)) throw new RangeError(`${only} has no room for ${nodes} ranges of /24`);
  return Array.from({ length: nodes }, (_, index) => {
    const base = first + index * 256;
    return `${[24, 16, 8].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}.0/24`;
  });
}
