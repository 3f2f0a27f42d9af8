import type { resourcev1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
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
}

export function defaultResourceClaimTemplate(template: Loose<resourcev1.ResourceClaimTemplate>): void {
  const spec = (template.spec ??= {});
  spec.metadata ??= {};
  defaultClaimSpec((spec.spec ??= {}));
}

/** v1beta2 has the same shape; v1beta1 keeps its requests flat and is served only on request. */
export const resourceDefaults: Defaulters = Object.fromEntries(
  ['v1', 'v1beta2'].flatMap((version) => [
    [`resource.k8s.io/${version}/ResourceClaim`, defaulter(defaultResourceClaim)],
    [`resource.k8s.io/${version}/ResourceClaimTemplate`, defaulter(defaultResourceClaimTemplate)],
  ]),
);
