import type { networkingv1 } from '@navarch/api';
import { familyOf } from '@navarch/apimachinery';
import type { ServiceObject } from './service-claims';

const FAMILY = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

/** The object by which a Service holds an address. */
export function ipAddressOf({ metadata: { namespace = '', name = '' } }: ServiceObject, address: string): networkingv1.IPAddress {
  return { metadata: { name: address, labels: { [FAMILY]: familyOf(address), [MANAGED_BY]: ALLOCATOR } }, spec: { parentRef: { group: '', resource: 'services', namespace, name } } };
}

export const isAllocated = ({ metadata }: networkingv1.IPAddress): boolean => metadata.labels?.[MANAGED_BY] === ALLOCATOR;

/** Whether it can be found by the labels that the allocator gives. */
export const isLabelled = (object: networkingv1.IPAddress): boolean => isAllocated(object) && object.metadata.labels?.[FAMILY] === familyOf(object.metadata.name ?? '');
