import { type corev1 } from '@navarch/api';
import { ObjectBuilder } from './object-builder';

type FullNode = corev1.Node & { spec: corev1.NodeSpec; status: corev1.NodeStatus };

/** Builds a node: ready, with 4 CPUs, 8 GiB and room for 110 pods. */
export class NodeBuilder extends ObjectBuilder<FullNode> {
  constructor() {
    super({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    this.named('node').withCapacity({ cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' });
  }

  override named(name: string): this {
    this.object.metadata.labels = { ...this.object.metadata.labels, 'kubernetes.io/hostname': name };
    return super.named(name);
  }

  inZone(zone: string): this {
    return this.labelled({ 'topology.kubernetes.io/zone': zone });
  }

  /** Adds to capacity and allocatable. */
  withCapacity(resources: Record<string, string>): this {
    const { status } = this.object;
    status.capacity = { ...status.capacity, ...resources };
    status.allocatable = { ...status.allocatable, ...resources };
    return this;
  }

  tainted(...taints: corev1.Taint[]): this {
    this.object.spec.taints = [...(this.object.spec.taints ?? []), ...taints];
    return this;
  }

  unschedulable(): this {
    this.object.spec.unschedulable = true;
    return this;
  }

  withPodCidr(podCIDR: string): this {
    this.object.spec.podCIDR = podCIDR;
    this.object.spec.podCIDRs = [podCIDR];
    return this;
  }

  withAddress(address: string, type = 'InternalIP'): this {
    this.object.status.addresses = [...(this.object.status.addresses ?? []), { type, address }];
    return this;
  }

  withCondition(type: string, status: 'True' | 'False' | 'Unknown', more: Partial<corev1.NodeCondition> = {}): this {
    this.object.status.conditions = [...(this.object.status.conditions ?? []).filter((condition) => condition.type !== type), { type, status, ...more }];
    return this;
  }

  notReady(status: 'False' | 'Unknown' = 'Unknown'): this {
    return this.withCondition('Ready', status);
  }
}

export const aNode = (): NodeBuilder => new NodeBuilder();
