import { BlockList, isIPv6 } from 'node:net';
import type { metav1, networkingv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';

type ServiceCidr = networkingv1.ServiceCIDR;

export const CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

function contains({ spec }: ServiceCidr, address: string): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return (spec?.cidrs ?? []).some((cidr) => {
    const [base = '', bits = ''] = cidr.split('/');
    if (isIPv6(base) !== (family === 'ipv6')) return false;
    const range = new BlockList();
    range.addSubnet(base, Number(bits), family);
    return range.check(address, family);
  });
}

export interface CidrPlan {
  readonly finalizer?: 'add' | 'remove';
  /** To be written, if the present one says something else. */
  readonly condition?: metav1.Condition;
}

/** Decides what a range of Service addresses needs: it may go when every address of it that is in use lies in another as well. */
export function planServiceCidr(range: ServiceCidr, others: readonly ServiceCidr[], addresses: readonly string[], nowMs: number): CidrPlan {
  const { metadata, status } = range;
  const held = metadata.finalizers?.includes(CIDR_FINALIZER) === true;
  const condition = (value: string, reason: string, message: string): CidrPlan => {
    const known = status?.conditions?.find(({ type }) => type === 'Ready');
    return known?.status === value && known.reason === reason ? {} : { condition: { type: 'Ready', status: value, reason, message, lastTransitionTime: formatTime(nowMs) } };
  };
  if (metadata.deletionTimestamp === undefined) return { ...(held ? {} : { finalizer: 'add' as const }), ...condition('True', '', 'Kubernetes Service CIDR is ready') };
  if (!held) return {};
  const staying = others.filter((other) => other.metadata.deletionTimestamp === undefined);
  const isNeeded = addresses.some((address) => contains(range, address) && !staying.some((other) => contains(other, address)));
  return isNeeded ? condition('False', 'Terminating', 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR') : { finalizer: 'remove' };
}
