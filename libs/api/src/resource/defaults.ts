import type { resourcev1, resourcev1alpha3 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';

function defaultRequest(request: Loose<resourcev1.ExactDeviceRequest>): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  for (const toleration of list(request.tolerations)) toleration.operator ||= 'Equal';
}

function defaultClaimSpec(spec: Loose<resourcev1.ResourceClaimSpec>): void {
  spec.devices ??= {};
  for (const { exactly, firstAvailable } of list(spec.devices.requests)) {
    if (exactly) defaultRequest(exactly);
    for (const request of list(firstAvailable)) defaultRequest(request);
  }
}

export function defaultResourceClaim(claim: Loose<resourcev1.ResourceClaim>): void {
  defaultClaimSpec((claim.spec ??= {}));
  claim.status ??= {};
  for (const { tolerations } of list(claim.status.allocation?.devices?.results)) for (const toleration of list(tolerations)) toleration.operator ||= 'Equal';
}

export function defaultResourceClaimTemplate(template: Loose<resourcev1.ResourceClaimTemplate>): void {
  const spec = (template.spec ??= {});
  spec.metadata ??= {};
  defaultClaimSpec((spec.spec ??= {}));
}

function defaultResourceSlice(slice: Loose<resourcev1.ResourceSlice>): void {
  for (const { nodeAllocatableResourceMappings } of list(slice.spec?.devices))
    for (const [, mapping] of entries(nodeAllocatableResourceMappings)) if (mapping) mapping.allocationMultiplier ??= '1';
}

/** How many pools an answer tells of. */
const defaultPoolLimit = 100;

function defaultPoolStatusRequest(request: Loose<resourcev1alpha3.ResourcePoolStatusRequest>): void {
  (request.spec ??= {}).limit ??= defaultPoolLimit;
}

/** v1beta2 has the same shape; v1beta1 keeps its requests flat and is served only on request. */
export const resourceDefaults: Defaulters = {
  'resource.k8s.io/v1alpha3/ResourcePoolStatusRequest': defaulter(defaultPoolStatusRequest),
  ...Object.fromEntries(
    ['v1', 'v1beta2'].flatMap((version) => [
      [`resource.k8s.io/${version}/ResourceClaim`, defaulter(defaultResourceClaim)],
      [`resource.k8s.io/${version}/ResourceClaimTemplate`, defaulter(defaultResourceClaimTemplate)],
      [`resource.k8s.io/${version}/ResourceSlice`, defaulter(defaultResourceSlice)],
    ]),
  ),
};
