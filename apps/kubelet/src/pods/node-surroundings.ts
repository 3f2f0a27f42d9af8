import { type NodeSwap } from '../containers/container-swap';
import { type DnsInput } from '../containers/dns-config';

/** What the node lends to every pod. */
export interface NodeSurroundings {
  readonly hostIPs: readonly string[];
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryCapacity: number;
  readonly seccompDefault: boolean;
  /** Whether limits of processor time are enforced. */
  readonly cpuQuota: boolean;
  /** Whether all of a container ends when the kernel ends one of its processes for want of memory. */
  readonly killsGroups: boolean;
  readonly swap: NodeSwap;
  readonly dns: DnsInput;
  /** Runtime handlers, by name, that can give pods users of their own. */
  readonly userNamespaces: ReadonlySet<string>;
  /** Those that can make whole trees read-only. */
  readonly recursiveReadOnlyMounts: ReadonlySet<string>;
  /** Why pods cannot have a network now; undefined when they can. */
  readonly networkError: string | undefined;
}
