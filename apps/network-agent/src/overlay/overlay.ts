import type { NodeNet, Route } from '../routes';

/** A tunnel to the pods of other nodes, for networks that do not carry pod addresses. */
export interface Overlay {
  /** Largest packet of a pod, what the tunnel adds taken off. */
  readonly mtu: number;
  /** Makes the tunnel know all nodes; answers the routes that lead through it. */
  ensure(nodes: readonly NodeNet[]): Promise<Route[]>;
}
