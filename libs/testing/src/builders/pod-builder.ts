import { type corev1 } from '@navarch/api';
import { ObjectBuilder } from './object-builder';

type FullPod = corev1.Pod & { spec: corev1.PodSpec; status: corev1.PodStatus };

/** Builds a pod: pending, with one container, in the default namespace. */
export class PodBuilder extends ObjectBuilder<FullPod> {
  constructor() {
    super({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'image' }] },
      status: { phase: 'Pending' },
    });
  }

  onNode(nodeName: string): this {
    this.object.spec.nodeName = nodeName;
    return this;
  }

  /** What the first container asks for, such as `{ cpu: '100m' }`. */
  requesting(requests: Record<string, string>): this {
    this.main.resources = { ...this.main.resources, requests: { ...this.main.resources?.requests, ...requests } };
    return this;
  }

  limitedTo(limits: Record<string, string>): this {
    this.main.resources = { ...this.main.resources, limits: { ...this.main.resources?.limits, ...limits } };
    return this;
  }

  withImage(image: string): this {
    this.main.image = image;
    return this;
  }

  withContainer(container: corev1.Container): this {
    this.object.spec.containers.push(container);
    return this;
  }

  withInitContainer(container: corev1.Container): this {
    this.object.spec.initContainers = [...(this.object.spec.initContainers ?? []), container];
    return this;
  }

  withPort(containerPort: number, more: Partial<corev1.ContainerPort> = {}): this {
    this.main.ports = [...(this.main.ports ?? []), { containerPort, protocol: 'TCP', ...more }];
    return this;
  }

  withHostPort(hostPort: number, protocol = 'TCP', hostIP?: string): this {
    return this.withPort(hostPort, { hostPort, protocol, ...(hostIP === undefined ? {} : { hostIP }) });
  }

  selectingNodes(nodeSelector: Record<string, string>): this {
    this.object.spec.nodeSelector = nodeSelector;
    return this;
  }

  withAffinity(affinity: corev1.Affinity): this {
    this.object.spec.affinity = { ...this.object.spec.affinity, ...affinity };
    return this;
  }

  tolerating(...tolerations: corev1.Toleration[]): this {
    this.object.spec.tolerations = [...(this.object.spec.tolerations ?? []), ...tolerations];
    return this;
  }

  spreading(...constraints: corev1.TopologySpreadConstraint[]): this {
    this.object.spec.topologySpreadConstraints = [...(this.object.spec.topologySpreadConstraints ?? []), ...constraints];
    return this;
  }

  withPriority(priority: number): this {
    this.object.spec.priority = priority;
    return this;
  }

  withVolume(volume: corev1.Volume): this {
    this.object.spec.volumes = [...(this.object.spec.volumes ?? []), volume];
    return this;
  }

  inPhase(phase: string): this {
    this.object.status.phase = phase;
    return this;
  }

  withCondition(type: string, status: 'True' | 'False' | 'Unknown', more: Partial<corev1.PodCondition> = {}): this {
    this.object.status.conditions = [...(this.object.status.conditions ?? []).filter((condition) => condition.type !== type), { type, status, ...more }];
    return this;
  }

  withIp(podIP: string): this {
    this.object.status.podIP = podIP;
    this.object.status.podIPs = [{ ip: podIP }];
    return this;
  }

  /** Running and ready. */
  ready(): this {
    return this.inPhase('Running').withCondition('Ready', 'True');
  }

  private get main(): corev1.Container {
    const [main] = this.object.spec.containers;
    if (!main) throw new Error('the pod has no container');
    return main;
  }
}

export const aPod = (): PodBuilder => new PodBuilder();
