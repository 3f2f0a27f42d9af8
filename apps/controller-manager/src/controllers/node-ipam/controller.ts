import { core, type corev1 } from '@navarch/api';
import { familyOf, isConflict, isNotFound } from '@navarch/apimachinery';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { cidrMetrics } from './cidr-metrics';
import { CidrPool } from './cidr-pool';

/** Gives every node a part of each of the cluster's ranges of pod addresses, one a family: spec.podCIDRs, set once. */
export class NodeIpamReconciler implements Reconciler {
  readonly name = 'node_ipam';
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  /** By the cluster's range that each cuts. */
  readonly #pools: ReadonlyMap<string, CidrPool>;
  readonly #onTries: (range: string, tries: number) => void;
  readonly #events: EventRecorder;
  /** Parts by node, as given here or seen. */
  readonly #given = new Map<string, readonly string[]>();

  constructor(context: ControllerContext) {
    this.#context = context;
    const { clusterCidr, serviceClusterIpRange } = context.config;
    const [pods, services] = [clusterCidr, serviceClusterIpRange].map((ranges) => ranges.split(',').map((range) => range.trim()));
    if (new Set(pods?.map(familyOf)).size < (pods?.length ?? 0)) throw new Error(`--cluster-cidr ${clusterCidr} has more than one range of a family`);
    this.#pools = new Map((pods ?? []).map((range) => [range, new CidrPool(range, maskSize(range, pods?.length ?? 0, context))]));
    // Addresses of Services are no node's.
    for (const pool of this.#pools.values()) for (const range of services ?? []) pool.occupy(range);
    this.#onTries = cidrMetrics(context.registry, this.#pools);
    this.#events = recorderFor('cidrAllocator', context);
    this.nodes = context.sources.informer(core.nodes);
  }

  /** What nodes have already must be known before anything is given out. */
  occupyAll(): void {
    for (const node of this.nodes.list()) this.#learn(node);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const node = this.nodes.get(key);
    const name = key.name;
    if (node === undefined) {
      this.#release(this.#given.get(name) ?? []);
      this.#given.delete(name);
      return done;
    }
    if (this.#learn(node) || !this.#context.config.allocateNodeCidrs) return done;
    // A write that failed keeps its parts for the next try.
    const parts = this.#given.get(name) ?? this.#allocate();
    if (parts === undefined) {
      this.#tell(node, 'CIDRNotAvailable');
      throw new Error(`no part of ${this.#context.config.clusterCidr} is left for node ${name}`);
    }
    this.#given.set(name, parts);
    try {
      await this.#context.api.patch(core.nodes, key, 'strategic', { metadata: { uid: node.metadata.uid }, spec: { podCIDR: parts[0], podCIDRs: parts } }, { signal });
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error) && !signal.aborted) this.#tell(node, 'CIDRAssignmentFailed');
      throw error;
    }
    return done;
  }

  #tell(node: corev1.Node, status: 'CIDRAssignmentFailed' | 'CIDRNotAvailable'): void {
    this.#events.event({ ...node, apiVersion: 'v1', kind: 'Node' }, 'Normal', status, `Node ${node.metadata.name ?? ''} status is now: ${status}`);
  }

  /** A part of each range, or none at all. */
  #allocate(): readonly string[] | undefined {
    const parts = Array.from(this.#pools, ([range, pool]) => pool.allocate((tries) => this.#onTries(range, tries)));
    const given = parts.filter((part) => part !== undefined);
    if (given.length === parts.length) return given;
    this.#release(given);
    return undefined;
  }

  #release(parts: readonly string[]): void {
    for (const part of parts) for (const pool of this.#pools.values()) pool.release(part);
  }

  /** True if the node has its parts. */
  #learn(node: corev1.Node): boolean {
    const { podCIDR = '', podCIDRs } = node.spec ?? {};
    const parts = (podCIDRs ?? [podCIDR]).filter((part) => part !== '');
    if (parts.length === 0) return false;
    this.#given.set(node.metadata.name ?? '', parts);
    for (const part of parts) for (const pool of this.#pools.values()) pool.occupy(part);
    return true;
  }
}

/** As upstream: one flag for a cluster of one family, one a family for both. */
function maskSize(range: string, ranges: number, { config }: ControllerContext): number {
  const ofFamily = familyOf(range) === 'IPv4' ? config.nodeCidrMaskSizeIpv4 : config.nodeCidrMaskSizeIpv6;
  return ranges === 1 && config.nodeCidrMaskSize > 0 ? config.nodeCidrMaskSize : ofFamily;
}

export function nodeIpamController(context: ControllerContext): RunningController {
  const reconciler = new NodeIpamReconciler(context);
  const { nodes } = reconciler;
  return runningController({
    reconciler,
    // One at a time: the pool is shared.
    workers: 1,
    reads: [read(nodes)],
    watch: (controller) => {
      reconciler.occupyAll();
      return [wakeSelf(nodes, controller)];
    },
  }, context);
}
