import { csiv1 } from '@navarch/proto';
import { connect, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { observedNode, type CsiCallObserver } from './observed-node';

const { NodeServiceCapability_RPC_Type: Rpc } = csiv1;

/** Upstream's timeout of calls to drivers. */
const callTimeoutMs = 120_000;

/** A CSI driver on its socket. What it can do is asked once. */
export class CsiDriver {
  readonly node: ServiceClient<typeof csiv1.NodeService>;
  readonly #channel: RpcChannel;
  #capabilities: Promise<ReadonlySet<csiv1.NodeServiceCapability_RPC_Type>> | undefined;

  constructor(readonly name: string, readonly endpoint: string, onCall?: CsiCallObserver) {
    this.#channel = connect({ address: `unix://${endpoint}`, defaultTimeoutMs: callTimeoutMs });
    const node = this.#channel.client(csiv1.NodeService);
    this.node = onCall ? observedNode(node, name, onCall) : node;
  }

  async can(what: 'stage' | 'mountGroup' | 'singleNodeMultiWriter' | 'expand' | 'stats'): Promise<boolean> {
    this.#capabilities ??= this.#ask();
    const capability = { stage: Rpc.STAGE_UNSTAGE_VOLUME, mountGroup: Rpc.VOLUME_MOUNT_GROUP, singleNodeMultiWriter: Rpc.SINGLE_NODE_MULTI_WRITER, expand: Rpc.EXPAND_VOLUME, stats: Rpc.GET_VOLUME_STATS }[what];
    return (await this.#capabilities).has(capability);
  }

  close(): void {
    this.#channel.close();
  }

  async #ask(): Promise<ReadonlySet<csiv1.NodeServiceCapability_RPC_Type>> {
    try {
      const { capabilities } = await this.node.nodeGetCapabilities({});
      return new Set(capabilities.flatMap(({ type }) => (type?.$case === 'rpc' ? [type.value.type] : [])));
    } catch (error) {
      this.#capabilities = undefined;
      throw error;
    }
  }
}
