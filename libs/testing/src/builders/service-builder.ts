import { type corev1 } from '@navarch/api';
import { ObjectBuilder } from './object-builder';

type FullService = corev1.Service & { spec: corev1.ServiceSpec; status: corev1.ServiceStatus };

/** Builds a ClusterIP service that selects `app: <name>`, without ports. */
export class ServiceBuilder extends ObjectBuilder<FullService> {
  constructor() {
    super({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default', uid: 'web-uid' },
      spec: { type: 'ClusterIP', selector: { app: 'web' }, sessionAffinity: 'None', ports: [], ipFamilies: ['IPv4'], internalTrafficPolicy: 'Cluster' },
      status: { loadBalancer: {} },
    });
  }

  override named(name: string): this {
    return super.named(name).withUid(`${name}-uid`).selecting({ app: name });
  }

  selecting(selector: Record<string, string> | undefined): this {
    if (selector) this.object.spec.selector = selector;
    else delete this.object.spec.selector;
    return this;
  }

  withClusterIp(clusterIP: string): this {
    this.object.spec.clusterIP = clusterIP;
    this.object.spec.clusterIPs = [clusterIP];
    return this;
  }

  headless(): this {
    return this.withClusterIp('None');
  }

  ofType(type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'): this {
    this.object.spec.type = type;
    return this;
  }

  withPort(port: number, more: Partial<corev1.ServicePort> = {}): this {
    this.object.spec.ports = [...(this.object.spec.ports ?? []), { port, targetPort: port, protocol: 'TCP', ...more }];
    return this;
  }

  sticky(timeoutSeconds = 10_800): this {
    this.object.spec.sessionAffinity = 'ClientIP';
    this.object.spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
    return this;
  }
}

export const aService = (): ServiceBuilder => new ServiceBuilder();
