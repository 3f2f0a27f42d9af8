import { type coordinationv1 } from '@navarch/api';

type Lease = coordinationv1.Lease;

export interface LeaderElectionTimes {
  /** How long others wait for a leader that went silent. */
  readonly leaseDurationMs: number;
  /** How long a leader goes on without a renewal. */
  readonly renewDeadlineMs: number;
  /** Between attempts. */
  readonly retryPeriodMs: number;
}

/** Whether somebody else holds the lease: it names one, and was seen to change less than its duration ago. */
export function leaseIsHeld(lease: Lease, identity: string, observedAt: number, now: number): boolean {
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder === '' || holder === identity) return false;
  return now < observedAt + (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
}

/** The lease as this candidate writes it to become, or stay, the leader. */
export function nextLease(current: Lease | undefined, key: { readonly namespace: string; readonly name: string }, identity: string, now: number, times: LeaderElectionTimes): Lease {
  const time = microTime(now);
  const renews = current?.spec?.holderIdentity === identity;
  const transitions = current?.spec?.leaseTransitions ?? 0;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...(current?.metadata ?? key) },
    spec: {
      ...current?.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(times.leaseDurationMs / 1000),
      acquireTime: renews ? (current.spec?.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: current && !renews ? transitions + 1 : transitions,
    },
  };
}

/** The lease as a leader leaves it, so that another can take it at once. */
export function releasedLease(current: Lease, now: number): Lease {
  const time = microTime(now);
  return { ...current, spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time } };
}

/** A MicroTime: RFC 3339 with six decimals. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
