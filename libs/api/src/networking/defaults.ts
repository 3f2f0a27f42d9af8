import type { networkingv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

export function defaultNetworkPolicy(policy: Loose<networkingv1.NetworkPolicy>): void {
  const spec = (policy.spec ??= {});
  spec.podSelector ??= {};
  for (const { ports } of [...list(spec.ingress), ...list(spec.egress)]) for (const port of list(ports)) port.protocol ??= 'TCP';
  if (list(spec.policyTypes).length === 0) spec.policyTypes = list(spec.egress).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

export function defaultIngressClass(ingressClass: Loose<networkingv1.IngressClass>): void {
  const parameters = (ingressClass.spec ??= {}).parameters;
  if (parameters) parameters.scope ??= 'Cluster';
}

export function defaultIngress(ingress: Loose<networkingv1.Ingress>): void {
  ingress.spec ??= {};
  (ingress.status ??= {}).loadBalancer ??= {};
}

export const networkingDefaults: Defaulters = {
  'networking.k8s.io/v1/NetworkPolicy': defaulter(defaultNetworkPolicy),
  'networking.k8s.io/v1/IngressClass': defaulter(defaultIngressClass),
  'networking.k8s.io/v1/Ingress': defaulter(defaultIngress),
};
