import type { IpFamily } from '@navarch/apimachinery';

/** How programs of the system name what differs between the families. */
export interface FamilyWords {
  /** Of nftables: the table's family, which is also the protocol in expressions (`ip saddr`). */
  readonly nft: 'ip' | 'ip6';
  readonly addressType: 'ipv4_addr' | 'ipv6_addr';
  readonly loopback: string;
  /** Prefix length of one address. */
  readonly hostBits: 32 | 128;
  /** Programs `<this>`, `<this>-save` and `<this>-restore`. */
  readonly iptables: 'iptables' | 'ip6tables';
  /** Option of ip and conntrack. */
  readonly ip: '-4' | '-6';
  readonly conntrack: 'ipv4' | 'ipv6';
  /** Distinguishes names of devices and tables that both families have. */
  readonly suffix: '' | '6';
}

export const familyWords: Readonly<Record<IpFamily, FamilyWords>> = {
  IPv4: { nft: 'ip', addressType: 'ipv4_addr', loopback: '127.0.0.0/8', hostBits: 32, iptables: 'iptables', ip: '-4', conntrack: 'ipv4', suffix: '' },
  IPv6: { nft: 'ip6', addressType: 'ipv6_addr', loopback: '::1', hostBits: 128, iptables: 'ip6tables', ip: '-6', conntrack: 'ipv6', suffix: '6' },
};

export const families: readonly IpFamily[] = ['IPv4', 'IPv6'];
