import type { coordinationv1, corev1 } from '@navarch/api';
import { isExpired } from '../cluster-objects/identity-lease';

/** What there is to say about the parts of a control plane. */
export interface ControlPlaneFacts {
  /** By the component: the Lease that its leader renews, if there is one. */
  readonly leases: Readonly<Record<string, coordinationv1.Lease | undefined>>;
  /** Of every etcd member, in the order of `--etcd-servers`: why it does not answer. */
  readonly memberFailures: readonly (string | undefined)[];
}

/**
 * `kubectl get componentstatuses`, deprecated since 1.19. Upstream asks the ports of schedulers and controller-managers on the apiserver's own
 * machine, where here they seldom are; so it is told by their elections, wherever they are.
 */
export function componentStatuses({ leases, memberFailures }: ControlPlaneFacts, nowMs: number): corev1.ComponentStatus[] {
  return [
    ...Object.entries(leases).map(([name, lease]) => componentStatus(name, leadershipFailure(lease, nowMs))),
    ...memberFailures.map((failure, index) => componentStatus(`etcd-${index}`, failure)),
  ].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}

function componentStatus(name: string, failure: string | undefined): corev1.ComponentStatus {
  return { metadata: { name }, conditions: [{ type: 'Healthy', status: failure === undefined ? 'True' : 'False', message: failure ?? 'ok' }] };
}

/** Undefined while somebody leads. */
function leadershipFailure(lease: coordinationv1.Lease | undefined, nowMs: number): string | undefined {
  if (lease === undefined) return 'nobody has been elected';
  const { holderIdentity = '', renewTime = 'its election' } = lease.spec ?? {};
  if (holderIdentity === '') return 'nobody is elected';
  return isExpired(lease, nowMs) ? `${holderIdentity} is elected and has not said so since ${renewTime}` : undefined;
}
