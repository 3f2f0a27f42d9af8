import { quantityOf } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
import { list } from '../support/list';
import type { QuotaEvaluator } from './evaluator';

const names = ['services', 'services.nodeports', 'services.loadbalancers', 'count/services'];

/** Ports of nodes that a Service takes, or will be given. */
function nodePorts({ spec }: corev1.Service): number {
  const ports = list(spec?.ports);
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort = 0 }) => nodePort !== 0).length : ports.length;
}

/** Services: their number, and that of what they take outside of the cluster. */
export const serviceEvaluator: QuotaEvaluator = {
  group: '',
  resource: 'services',
  chargesUpdates: true,
  admitsUpdate: (subresource) => subresource === '',
  changesScope: () => false,
  counts: (name) => names.includes(name),
  matchesScope: () => false,
  usage: (service: corev1.Service) => new Map([
    ['count/services', quantityOf(1)],
    ['services', quantityOf(1)],
    ['services.nodeports', quantityOf(nodePorts(service))],
    ['services.loadbalancers', quantityOf(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
  ]),
};
