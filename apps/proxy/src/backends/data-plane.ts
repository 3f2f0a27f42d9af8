import type { IpFamily } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { IpvsOptions } from './ipvs/ipvs-options';
import type { RunCommand } from './run-command';

/** Carries traffic to endpoints: the in-process form of navarch.proxy.v1.DataPlaneService. */
export interface DataPlane {
  readonly name: string;
  /** Puts a full state (`reset`) or a change in force; resolves when it is, rejects when it is not: then a reset follows. */
  sync(request: proxyv1.SyncRequest): Promise<void>;
  /** Whether what is in force is still there: who flushes the kernel's rules takes ours along. Without it nobody looks, as at what another process carries. */
  isThere?(): Promise<boolean>;
  /** Gives up what lives in this process. What is in the kernel stays: connections go on while a proxy restarts. */
  close?(): Promise<void>;
}

export interface DataPlaneOptions {
  readonly family: IpFamily;
  /** Pod addresses of the whole cluster, of this family; none: nobody is known to be a pod, and nobody is masqueraded for not being one. */
  readonly clusterCidrs: readonly string[];
  /** Node ports are served on the node's addresses in these ranges of this family; undefined: on all of them. */
  readonly nodePortAddresses: readonly string[] | undefined;
  /** Upstream's --conntrack-tcp-be-liberal: packets that the kernel's tracking takes for none of a connection pass. */
  readonly tcpBeLiberal?: boolean;
  /** Of the nftables back end alone: where the cluster's Services have their addresses from, of this family, asked for with each full state. What goes there and is nobody's passes nothing. */
  readonly serviceRanges?: () => readonly string[];
  /** Of the iptables back end alone, upstream's --iptables-localhost-nodeports: node ports are served on loopback addresses too. */
  readonly localhostNodePorts?: boolean;
  readonly run: RunCommand;
  /** For back ends that look again after a while; without it they look when something changes. */
  readonly clock?: Clock | undefined;
  readonly log?: Pick<Logger, 'warn'>;
  /** Of the ipvs back end alone. */
  readonly ipvs?: IpvsOptions | undefined;
  /** Told after each sync by back ends whose rules stand in tables: how many there are of ours, and how many were written. */
  readonly onRules?: (table: string, total: number, written: number) => void;
}

/** One way to carry traffic, for one family at a time. */
export interface Backend {
  readonly create: (options: DataPlaneOptions) => DataPlane;
  /** Takes away everything that a run of this back end left in this network namespace for a family, and nothing else. */
  readonly cleanUp: (run: RunCommand, family: IpFamily) => Promise<void>;
}
