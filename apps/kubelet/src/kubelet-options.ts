import { type SwapBehavior } from './containers/container-swap';
import { type AllocatableOptions } from './cgroups/node-allocatable';
import { type DnsSettings } from './containers/dns-config';
import { type AccessOptions } from './images/image-access';
import { type PullLimitOptions } from './images/pull-limit';
import { type EvictorOptions } from './eviction/evictor';
import { type PriorityGrace } from './shutdown/plan-shutdown';
import { type NodeIdentity } from './node/node-object';
import { type Reservations } from './node/node-resources';
import { type PlacementOptions } from './topology/pod-placement';

/** Everything that may differ between two nodes. */
export interface KubeletOptions {
  readonly identity: NodeIdentity;
  readonly register: boolean;
  readonly rootDir: string;
  readonly podLogsDir: string;
  /** Empty: pods go where the runtime puts them. */
  readonly cgroupRoot: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly hostDns: DnsSettings;
  /** Whether drivers and device plug-ins may register here, and agents of the node ask who has what: each by a socket in the root directory. */
  readonly servesPlugins: boolean;
  readonly maxPods: number;
  /** Of maxPods, as many for each processor at most; 0 for no such limit. */
  readonly podsPerCore: number;
  /** Upstream's --pod-manifest-path; empty for none. */
  readonly podManifestPath: string;
  /** Upstream's --manifest-url; empty for none. */
  readonly manifestUrl: string;
  readonly manifestUrlHeaders: Readonly<Record<string, string>>;
  readonly fileCheckMs: number;
  readonly httpCheckMs: number;
  readonly eviction: EvictorOptions;
  /** How long pods have to end when the kubelet is told to; empty leaves them running. */
  readonly shutdownGraces: readonly PriorityGrace[];
  readonly allowedUnsafeSysctls: readonly string[];
  readonly reservations: Reservations;
  readonly allocatable: AllocatableOptions;
  readonly placement: PlacementOptions;
  readonly cpuReconcileMs: number;
  /** Who may swap (upstream's memorySwap.swapBehavior). */
  readonly swapBehavior: SwapBehavior;
  /** Refuses to begin on a machine that swaps. */
  readonly failSwapOn: boolean;
  /** Refuses to begin with version 1 of control groups. */
  readonly failCgroupV1: boolean;
  /** Refuses to begin where the kernel is set otherwise than upstream's kubelet sets it. */
  readonly protectKernelDefaults: boolean;
  /** Whether what pods write on the node's disk is counted and limited. */
  readonly isolatesLocalStorage: boolean;
  /** Only the process ends that the kernel chose for want of memory, not its whole container; needs version 2 of control groups. */
  readonly singleProcessOomKill: boolean;
  /** How many processes a pod may have; -1 for no limit. */
  readonly podMaxPids: number;
  readonly maxParallelImagePulls: number;
  readonly pullLimit: PullLimitOptions;
  /** Whether the kernel holds containers to their limits of processor time. */
  readonly cpuQuota: boolean;
  readonly syncFrequencyMs: number;
  readonly nodeStatusUpdateMs: number;
  readonly nodeStatusReportMs: number;
  /** How many images the node's status names; -1 for all. */
  readonly nodeStatusMaxImages: number;
  readonly leaseDurationSeconds: number;
  readonly relistMs: number;
  readonly containerLogMaxBytes: number;
  readonly containerLogMaxFiles: number;
  /** How often logs are looked at, and how many at a time. */
  readonly containerLogCheckMs: number;
  readonly containerLogWorkers: number;
  readonly imageGcHighPercent: number;
  readonly imageGcLowPercent: number;
  readonly imageMinAgeMs: number;
  /** How long an image may be of no use to anybody; 0 for ever. */
  readonly imageMaxAgeMs: number;
  readonly imageAccess: AccessOptions;
  readonly seccompDefault: boolean;
  /** The longest wait before a container that crashes starts again. */
  readonly maxRestartWaitMs: number;
}

