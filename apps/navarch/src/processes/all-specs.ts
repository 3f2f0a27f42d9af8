import { etcdSpec, natsSpec } from './backing-services';
import type { ClusterContext } from './cluster-context';
import { apiserverSpec, controllerManagerSpec, dnsSpec, hostRoutesSpec, localPathSpec, metricsServerSpec, schedulerSpec } from './control-plane';
import { ingressSpec } from './ingress';
import { realNodeSpecs, simulatedNodeSpecs } from './nodes';
import type { ProcessSpec } from './process-spec';
import { tapped } from './tapped';

/** Every process of a cluster, in the order to start them. */
export function allSpecs(context: ClusterContext): ProcessSpec[] {
  const real = context.settings.runtime === 'containerd';
  const indexes = Array.from({ length: context.settings.nodes }, (_, index) => index);
  const specs = [
    etcdSpec(context),
    natsSpec(context),
    apiserverSpec(context),
    controllerManagerSpec(context),
    schedulerSpec(context),
    metricsServerSpec(context),
    localPathSpec(context),
    // Simulated pods have no network to resolve names on.
    ...(real ? [dnsSpec(context), hostRoutesSpec(context)] : []),
    ...indexes.flatMap((index) => (real ? realNodeSpecs(context, index) : simulatedNodeSpecs(context, index))),
    ...(real ? [ingressSpec(context)] : []),
  ];
  return tapped(specs, context.layout);
}
