/** Upstream's flags for ipvs. */
export interface IpvsOptions {
  readonly scheduler: string;
  /** The node answers ARP for an address on the interface only that has it: what load balancers that announce addresses themselves ask for. */
  readonly strictArp: boolean;
  /** How long idle connections are kept, those that are being closed, and UDP; 0 leaves what the kernel has. */
  readonly tcpTimeoutMs: number;
  readonly tcpFinTimeoutMs: number;
  readonly udpTimeoutMs: number;
}

/** By the kernel's names. */
export const ipvsSchedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'dh', 'sed', 'nq', 'mh'];

export const defaultIpvsOptions: IpvsOptions = { scheduler: 'rr', strictArp: false, tcpTimeoutMs: 0, tcpFinTimeoutMs: 0, udpTimeoutMs: 0 };

/** Connections of ipvs are tracked, so that masquerading sees them; what an endpoint leaves behind ends with it. */
const always = ['ipv4/vs/conntrack=1', 'ipv4/vs/expire_nodest_conn=1', 'ipv4/vs/expire_quiescent_template=1'];
const strictly = ['ipv4/conf/all/arp_ignore=1', 'ipv4/conf/all/arp_announce=2'];

/** A script that sets the kernel's settings. */
export function settingsScript({ strictArp }: IpvsOptions): string {
  return [...always, ...(strictArp ? strictly : [])].map((setting) => setting.split('=')).map(([name = '', value = '']) => `echo ${value} > /proc/sys/net/${name}`).join(' && ');
}

/** Arguments of ipvsadm that set how long connections are kept; none where nothing is asked for. */
export function timeoutArgs({ tcpTimeoutMs, tcpFinTimeoutMs, udpTimeoutMs }: IpvsOptions): string[] {
  const seconds = [tcpTimeoutMs, tcpFinTimeoutMs, udpTimeoutMs].map((ms) => Math.floor(ms / 1000));
  return seconds.some((each) => each > 0) ? ['--set', ...seconds.map(String)] : [];
}
