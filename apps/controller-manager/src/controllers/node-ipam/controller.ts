import { core, type corev1 } from '@navarch/api';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { CidrPool, rangesOverlap } from './cidr-pool';

/** Gives every node a part of the cluster's pod addresses: spec.podCIDR, set once. */
export class NodeIpamReconciler implements Reconciler {
  readonly name = 'node_ipam';
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  readonly #pool: CidrPool;
  readonly #events: EventRecorder;
  /** Parts by node, as given here or seen. */
  readonly #given = new Map<string, string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    const { clusterCidr, serviceClusterIpRange, nodeCidrMaskSize } = context.config;
    if (rangesOverlap(clusterCidr, serviceClusterIpRange)) throw new Error(`--cluster-cidr ${clusterCidr} and --service-cluster-ip-range ${serviceClusterIpRange} overlap`);
    this.#pool = new CidrPool(clusterCidr, nodeCidrMaskSize);
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
      const part = this.#given.get(name);
      this.#given.delete(name);
      if (part !== undefined) this.#pool.release(part);
      return done;
    }
    if (this.#learn(node) || !this.#context.config.allocateNodeCidrs) return done;
    // A write that failed keeps its part for the next try.
    const part = this.#given.get(name) ?? this.#pool.allocate();
    if (part === undefined) {
      this.#events.event({ ...node, apiVersion: 'v1', kind: 'Node' }, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
      throw new Error(`no part of ${this.#context.config.clusterCidr} is left for node ${name}`);
    }
    this.#given.set(name, part);
    await this.#context.api.patch(core.nodes, key, 'strategic', { metadata: { uid: node.metadata.uid }, spec: { podCIDR: part, podCIDRs: [part] } }, { signal });
    return done;
  }

  /** True if the node has its part. */
  #learn(node: corev1.Node): boolean {
    const part = node.spec?.podCIDR ?? '';
    if (part === '') return false;
    this.#given.set(node.metadata.name ?? '', part);
    this.#pool.occupy(part);
    return true;
  }
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
