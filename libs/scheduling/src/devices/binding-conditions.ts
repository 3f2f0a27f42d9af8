import { resource, type resourcev1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import type { BindingContext, DeviceWait } from '../framework';
import type { PodInfo } from '../state/pod-info';

type Claim = resourcev1.ResourceClaim;

const resultsOf = ({ status }: Claim): readonly resourcev1.DeviceRequestAllocationResult[] => status?.allocation?.devices?.results ?? [];

/** Whether something has to happen to a device of the claim before a pod can be bound to its node. */
function waitsForDevices(claim: Claim): boolean {
  return resultsOf(claim).some(({ bindingConditions = [] }) => bindingConditions.length > 0);
}

/** Whether all devices are ready. @throws when one of them says that it will not be */
function areReady(claim: Claim): boolean {
  return resultsOf(claim).every(({ driver, pool, device, shareID, bindingConditions = [], bindingFailureConditions = [] }) => {
    const conditions = claim.status?.devices?.find((status) => status.driver === driver && status.pool === pool && status.device === device && status.shareID === shareID)?.conditions ?? [];
    const isTrue = (type: string) => conditions.find((condition) => condition.type === type && condition.status === 'True');
    const failed = bindingFailureConditions.map(isTrue).find((condition) => condition !== undefined);
    if (failed !== undefined) throw failure('DeviceFailed', `device binding failed: claim=${claim.metadata.name ?? ''}, reason=${failed.reason}, message=${goQuote(failed.message)}`);
    return bindingConditions.every(isTrue);
  });
}

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function outcomeOf(error: unknown): DeviceWait {
  switch ((error as { code?: unknown }).code) {
    case 'DeviceFailed':
      return 'failure';
    case 'TimedOut':
      return 'timeout';
    default:
      return 'error';
  }
}

/** Resolves when all devices of a pod's claims are ready for it; at once for those that always are. @throws when one is not within `timeoutMs` */
export async function devicesReady(claims: readonly Claim[], pod: PodInfo, node: string, context: BindingContext, timeoutMs: number): Promise<void> {
  const waiting = claims.filter(waitsForDevices);
  if (waiting.length === 0) return;
  const drivers = [...new Set(waiting.flatMap(resultsOf).filter(({ bindingConditions = [] }) => bindingConditions.length > 0).map(({ driver }) => driver))];
  const ended = context.listener?.waitsForDevices(pod, node, drivers);
  try {
    await Promise.all(waiting.map((claim) => becomeReady(claim, pod.uid, context, timeoutMs)));
  } catch (error) {
    ended?.(outcomeOf(error));
    throw error;
  }
  ended?.('success');
}

/**
 * Resolves when the devices of a claim are ready for a pod (KEP-5007). If they fail, or take too long, the claim gives them up, so that others
 * can be chosen. @throws then
 */
async function becomeReady({ metadata: { namespace = '', name = '', uid } }: Claim, podUid: string, { api, state, signal, until }: BindingContext, timeoutMs: number): Promise<void> {
  const current = (): Claim => {
    const claim = state.objects.resourceClaims.get({ namespace, name });
    if (claim?.metadata.uid !== uid || claim?.status?.allocation === undefined) throw new Error(`claim ${name} lost its devices`);
    return claim;
  };
  // What was written comes back by the watch: before, there is nothing to look at.
  const seen = (): boolean => state.objects.resourceClaims.get({ namespace, name })?.status?.allocation !== undefined;
  try {
    await until(() => seen() && areReady(current()), timeoutMs);
  } catch (error) {
    if (!signal.aborted) await giveUp(await api.get(resource.resourceclaims, { namespace, name }, { signal }), podUid, { api, state, signal });
    throw outcomeOf(error) === 'timeout' ? failure('TimedOut', `device binding timeout: claim=${name}`) : error;
  }
}

async function giveUp(claim: Claim, podUid: string, { api, state, signal }: Pick<BindingContext, 'api' | 'state' | 'signal'>): Promise<void> {
  const others = (claim.status?.reservedFor ?? []).filter(({ uid }) => uid !== podUid);
  // Whoever else uses it keeps it.
  const status: resourcev1.ResourceClaimStatus = others.length > 0 ? { ...claim.status, reservedFor: others } : {};
  state.reservations.resourceClaims.assume(await api.updateStatus(resource.resourceclaims, { ...claim, status }, { signal }));
}
