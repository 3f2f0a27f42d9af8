import { csiv1 } from '@navarch/proto';
import { connect, type RpcCallOptions, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { observedNode, type CsiCallObserver } from './observed-node';

const { NodeServiceCapability_RPC_Type: Rpc } = csiv1;

/** Upstream's timeout of calls to drivers. */
const callTimeoutMs = 120_000;

type Capabilities = ReadonlySet<csiv1.NodeServiceCapability_RPC_Type>;

/** A CSI driver on its socket. What it can do is asked until it has told it. */
export class CsiDriver {
  readonly node: ServiceClient<typeof csiv1.NodeService>;
  readonly #channel: RpcChannel;
  #known: Capabilities | undefined;
  /** Its answer to all those who have time. */
  #awaited: Promise<Capabilities> | undefined;

  constructor(readonly name: string, readonly endpoint: string, onCall?: CsiCallObserver) {
    this.#channel = connect({ address: `unix://${endpoint}`, defaultTimeoutMs: callTimeoutMs });
    const node = this.#channel.client(csiv1.NodeService);
    this.node = onCall ? observedNode(node, name, onCall) : node;
  }

  /** `limits`: of somebody who has not as much time as calls usually have, and keeps nobody else from it. */
  async can(what: 'stage' | 'mountGroup' | 'singleNodeMultiWriter' | 'expand' | 'stats', limits?: RpcCallOptions): Promise<boolean> {
    const capabilities = this.#known ?? await (limits ? this.#ask(limits) : (this.#awaited ??= this.#ask()));
    const capability = {
      stage: Rpc.STAGE_UNSTAGE_VOLUME,
      mountGroup: Rpc.VOLUME_MOUNT_GROUP,
      singleNodeMultiWriter: Rpc.SINGLE_NODE_MULTI_WRITER,
      expand: Rpc.EXPAND_VOLUME,
      stats: Rpc.GET_VOLUME_STATS,
    }[what];
    return capabilities.has(capability);
  }

  close(): void {
    this.#channel.close();
  }

  async #ask(limits?: RpcCallOptions): Promise<Capabilities> {
    try {
      const { capabilities } = await this.node.nodeGetCapabilities({}, limits);
      return this.#known = new Set(capabilities.flatMap(({ type }) => (type?.$case === 'rpc' ? [type.value.type] : [])));
    } catch (error) {
      if (!limits) this.#awaited = undefined;
      throw error;
    }
  }
}
