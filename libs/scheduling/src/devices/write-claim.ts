import { resource, type resourcev1 } from '@navarch/api';
import { formatTime, isConflict } from '@navarch/apimachinery';
import type { BindingContext } from '../framework';
import type { PodInfo } from '../state/pod-info';
import { claimFinalizer } from './extended-claim';

type Claim = resourcev1.ResourceClaim;

/** So often a claim that somebody else changed meanwhile is looked at anew. */
const mostAttempts = 5;

/** The claim with a pod among its users. */
export function reservedFor(claim: Claim, { name, uid }: PodInfo): Claim {
  const users = claim.status?.reservedFor ?? [];
  if (users.some((user) => user.uid === uid)) return claim;
  return { ...claim, status: { ...claim.status, reservedFor: [...users, { resource: 'pods', name, uid }] } };
}

const devicesOf = ({ status }: Claim): string => JSON.stringify(status?.allocation?.devices?.results);

/** What was decided for a pod, upon a claim as it is now; with the time of allocation, since when its devices may take so long to be made ready. @throws when it is of no use any more */
function upon(current: Claim, decided: Claim, pod: PodInfo, nowMs: number): Claim {
  const { namespace = '', name = '', uid, deletionTimestamp } = current.metadata;
  if (uid !== decided.metadata.uid || deletionTimestamp !== undefined) throw new Error(`claim ${namespace}/${name} got deleted in the meantime`);
  const allocation = current.status?.allocation ?? decided.status?.allocation;
  const given: Claim = {
    ...current,
    status: {
      ...current.status,
      ...(allocation === undefined ? {} : { allocation: { ...allocation, allocationTimestamp: allocation.allocationTimestamp ?? formatTime(nowMs) } }),
    },
  };
  if (devicesOf(given) !== devicesOf(decided)) throw new Error(`claim ${namespace}/${name} got allocated elsewhere in the meantime`);
  return reservedFor(given, pod);
}

/** Writes what was decided of claims. Pods that share one are bound at the same time: one after the other they write what the one before has left. */
export class ClaimWriter {
  readonly #turns = new Map<string, Promise<Claim>>();

  /** The claim as it is then. */
  async write(decided: Claim, pod: PodInfo, context: BindingContext): Promise<Claim> {
    const uid = decided.metadata.uid ?? '';
    const go = (): Promise<Claim> => this.#write(decided, pod, context);
    // What became of the other's is the other's.
    const turn = this.#turns.get(uid)?.then(go, go) ?? go();
    this.#turns.set(uid, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(uid) === turn) this.#turns.delete(uid);
    }
  }

  async #write(decided: Claim, pod: PodInfo, { api, state, signal, now }: BindingContext): Promise<Claim> {
    const { namespace = '', name = '' } = decided.metadata;
    const key = { namespace, name };
    let current = state.reservations.resourceClaims.get(key) ?? decided;
    for (let attempt = 1; ; attempt++) {
      const wanted = upon(current, decided, pod, now());
      try {
        // One that has something must not go while it has it: the finalizer first, then the status.
        const isProtected = wanted.metadata.finalizers?.includes(claimFinalizer) === true;
        const { metadata } = isProtected
          ? wanted
          : await api.update(
              resource.resourceclaims,
              { ...wanted, metadata: { ...wanted.metadata, finalizers: [...(wanted.metadata.finalizers ?? []), claimFinalizer] } },
              { signal },
            );
        const written = await api.updateStatus(resource.resourceclaims, { ...wanted, metadata }, { signal });
        state.reservations.resourceClaims.assume(written);
        return written;
      } catch (error) {
        if (!isConflict(error) || attempt === mostAttempts) throw error;
        current = await api.get(resource.resourceclaims, key, { signal });
      }
    }
  }
}
