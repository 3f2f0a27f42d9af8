import type { discoveryv1 } from '../gen';
import { contentChanged, type KindRules, kindRules } from '../strategy/kind-rules';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';

type Slice = Loose<discoveryv1.EndpointSlice>;

/** What v1beta1 wrote cannot be written through v1 (dropTopologyOnV1 of pkg/registry/discovery/endpointslice). */
function dropTopology({ endpoints }: Slice): void {
  for (const endpoint of list(endpoints)) delete endpoint.deprecatedTopology;
}

export const discoveryStrategies: Readonly<Record<string, KindRules>> = {
  'discovery.k8s.io/endpointslices': kindRules<Slice>({
    generation: (slice, old) => contentChanged(slice, old) || !semanticEqual(slice.metadata?.labels, old.metadata?.labels),
    onCreate: dropTopology,
    onUpdate(slice, old) {
      if (!semanticEqual(slice.endpoints, old.endpoints)) dropTopology(slice);
    },
  }),
};
