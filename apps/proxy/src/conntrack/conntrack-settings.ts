/** Upstream's flags for the kernel's table of connections; undefined or 0 leaves what the kernel has. */
export interface ConntrackOptions {
  readonly maxPerCore: number;
  readonly min: number;
  readonly tcpEstablishedMs: number;
  readonly tcpCloseWaitMs: number;
  readonly tcpBeLiberal: boolean;
  readonly udpMs: number;
  readonly udpStreamMs: number;
}

export interface Setting {
  /** Under /proc/sys/net/netfilter. */
  readonly name: string;
  readonly value: number;
  /** A larger value of the kernel's stays. */
  readonly atLeast: boolean;
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** What the options ask of the kernel: as upstream's proxy (cmd/kube-proxy/app/conntrack.go, server_linux.go). */
export function conntrackSettings(options: ConntrackOptions, cores: number): Setting[] {
  // Without a number for each processor there is no limit to set, whatever the least is.
  const max = options.maxPerCore > 0 ? Math.max(options.maxPerCore * cores, options.min) : 0;
  const timeout = (name: string, ms: number): Setting[] => (ms > 0 ? [{ name, value: wholeSeconds(ms), atLeast: false }] : []);
  return [
    ...(max > 0 ? [{ name: 'nf_conntrack_max', value: max, atLeast: true }] : []),
    ...timeout('nf_conntrack_tcp_timeout_established', options.tcpEstablishedMs), ...timeout('nf_conntrack_tcp_timeout_close_wait', options.tcpCloseWaitMs),
    ...(options.tcpBeLiberal ? [{ name: 'nf_conntrack_tcp_be_liberal', value: 1, atLeast: false }] : []),
    ...timeout('nf_conntrack_udp_timeout', options.udpMs), ...timeout('nf_conntrack_udp_timeout_stream', options.udpStreamMs),
  ];
}
