import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { isHeadless } from './headless';

const formerTopologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';

/** What has no effect in a Service, or will have none. */
export function serviceWarnings({ metadata, spec = {} }: Loose<corev1.Service>): string[] {
  const found: string[] = [];
  if (metadata?.annotations?.[formerTopologyHints] !== undefined) found.push(`annotation ${formerTopologyHints} is deprecated, please use ${topologyMode} instead`);
  if (isHeadless(spec)) {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
    if (list(spec.externalIPs).length > 0) found.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services');
  }
  if (spec.type !== 'ExternalName' && spec.externalName) found.push(`spec.externalName is ignored when spec.type is not "ExternalName"`);
  return found;
}
