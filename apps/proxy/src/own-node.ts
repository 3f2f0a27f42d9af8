import type { corev1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import type { NodePlace } from './endpoint-choice';

const zoneLabel = 'topology.kubernetes.io/zone';
/** Set by the cluster autoscaler on a node that goes away: load balancers shall send nothing more. */
const toBeDeletedTaint = 'ToBeDeletedByClusterAutoscaler';

/** What the proxy must know of the node it runs on. */
export class OwnNode {
  constructor(private readonly nodeName: string, private readonly nodes: Informer<corev1.Node>) {}

  get place(): NodePlace {
    return { nodeName: this.nodeName, zone: this.#node?.metadata.labels?.[zoneLabel], addresses: this.addresses };
  }

  /** The addresses that it says are its own within the cluster. */
  get addresses(): string[] {
    return (this.#node?.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
  }

  /** True while the node is being taken away (KEP-3836). */
  get leaving(): boolean {
    const node = this.#node;
    return node !== undefined && (node.metadata.deletionTimestamp !== undefined || (node.spec?.taints ?? []).some(({ key }) => key === toBeDeletedTaint));
  }

  /** Tells when the node's place has changed: its zone, or its addresses. */
  onMove(moved: () => void): () => void {
    let known = JSON.stringify(this.place);
    const look = (): void => {
      const now = JSON.stringify(this.place);
      if (now === known) return;
      known = now;
      moved();
    };
    return this.nodes.addHandler({ onAdd: look, onUpdate: look, onDelete: look });
  }

  get #node(): corev1.Node | undefined {
    return this.nodes.get({ namespace: '', name: this.nodeName });
  }
}
