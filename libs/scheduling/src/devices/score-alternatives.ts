import type { resourcev1 } from '@navarch/api';

/** Most alternatives of one request (upstream's FirstAvailableDeviceRequestMaxSize). */
const mostAlternatives = 8;

type Claim = resourcev1.ResourceClaim;

/** Whether a claim would rather have one thing than another. */
export const hasAlternatives = ({ spec }: Claim): boolean => (spec.devices?.requests ?? []).some(({ firstAvailable = [] }) => firstAvailable.length > 0);

/** How much of what a claim would rather have it was given: more for an earlier alternative of each request. */
export function scoreOfAlternatives({ spec, status }: Claim): number {
  const given = new Set((status?.allocation?.devices?.results ?? []).map(({ request }) => request));
  return (spec.devices?.requests ?? []).reduce((sum, { name, firstAvailable = [] }) => {
    const rank = firstAvailable.findIndex((alternative) => given.has(`${name}/${alternative.name}`));
    return rank < 0 ? sum : sum + mostAlternatives - rank;
  }, 0);
}
