import type { networkingv1 } from '@navarch/api';
import { familyOf, parseAddress, parseTime } from '@navarch/apimachinery';
import { isAllocated, isLabelled } from './ip-address';
import type { ServiceObject } from './service-claims';

type IPAddress = networkingv1.IPAddress;

/** How long an address may be without its Service, which may be in the making. */
const GRACE_MS = 60_000;

/** A warning for whoever looks at the object. */
export interface RepairNotice {
  readonly reason: 'ClusterIPAlreadyAllocated' | 'ClusterIPNotAllocated' | 'ClusterIPNotValid' | 'ClusterIPOutOfRange' | 'IPAddressNotAllocated' | 'IPAddressWrongReference';
  readonly message: string;
}

/** What one address of a Service needs. */
export interface ServiceRepair {
  readonly address: string;
  /** Absent: nothing that could be done would be right. */
  readonly action?: 'create' | 'recreate';
  readonly notice?: RepairNotice;
}

export interface RepairFacts {
  /** Whether a range of Service addresses has it. */
  readonly isInRange: (address: string) => boolean;
  readonly addressNamed: (name: string) => IPAddress | undefined;
  readonly serviceNamed: (namespace: string, name: string) => ServiceObject | undefined;
}

const addressesOf = ({ spec }: ServiceObject): readonly string[] => (spec?.type === 'ExternalName' ? [] : (spec?.clusterIPs ?? []).filter((address) => address !== '' && address !== 'None'));
const isOfService = ({ spec }: IPAddress): boolean => (spec.parentRef.group ?? '') === '' && spec.parentRef.resource === 'services';

/** Whose an address is said to be. */
export function parentOf({ spec }: IPAddress): Readonly<Required<networkingv1.ParentReference>> {
  return { group: '', namespace: '', ...spec.parentRef };
}

/** Decides what is wrong with the addresses of a Service. By upstream's RepairIPAddress.syncService (pkg/registry/core/service/ipallocator/controller). */
export function planServiceRepair(service: ServiceObject, facts: RepairFacts): ServiceRepair[] {
  return addressesOf(service).flatMap((address) => planOne(service, address, facts) ?? []);
}

function planOne(service: ServiceObject, address: string, { isInRange, addressNamed, serviceNamed }: RepairFacts): ServiceRepair | undefined {
  if (parseAddress(address) === undefined) return { address, notice: { reason: 'ClusterIPNotValid', message: `Cluster IP ${address} is not a valid IP; please recreate Service` } };
  const family = familyOf(address);
  if (!isInRange(address)) {
    return {
      address,
      notice: {
        reason: 'ClusterIPOutOfRange',
        message: `Cluster IP [${family}]: ${address} is not within any configured Service CIDR; please recreate service`,
      },
    };
  }
  const object = addressNamed(address);
  if (object === undefined) return { address, action: 'create', notice: { reason: 'ClusterIPNotAllocated', message: `Cluster IP [${family}]: ${address} is not allocated; repairing` } };
  const { namespace = '', name = '' } = service.metadata;
  const wrong: ServiceRepair = {
    address,
    action: 'recreate',
    notice: {
      reason: 'ClusterIPNotAllocated',
      message: `the ClusterIP [${family}]: ${address} for Service ${namespace}/${name} has a wrong reference; repairing`,
    },
  };
  if (!isOfService(object)) return wrong;
  const parent = parentOf(object);
  if (parent.namespace !== namespace || parent.name !== name) {
    const other = serviceNamed(parent.namespace, parent.name);
    if (other === undefined) return wrong;
    // Theirs it stays: to give it to this one would only make them take turns.
    if (addressesOf(other).includes(address)) {
      return {
        address,
        notice: {
          reason: 'ClusterIPAlreadyAllocated',
          message: `Cluster IP [${family}]:${address} was assigned to multiple services; please recreate service`,
        },
      };
    }
  }
  return isLabelled(object) ? undefined : { address, action: 'recreate' };
}

export interface AddressRepair {
  /** The address is nobody's, and goes. */
  readonly notice?: RepairNotice;
  /** When to look again, in milliseconds. */
  readonly againMs?: number;
}

/** Decides whether an address that was given to a Service is still its own. By upstream's syncIPAddress; addresses that others manage are theirs. */
export function planAddressRepair(object: IPAddress, service: ServiceObject | undefined, nowMs: number): AddressRepair {
  if (!isAllocated(object)) return {};
  const { name: address = '', creationTimestamp } = object.metadata;
  const { group, resource, namespace, name } = parentOf(object);
  if (!isOfService(object)) {
    const reference = `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${name},}`;
    return { notice: { reason: 'IPAddressNotAllocated', message: `IPAddress ${address} appears to have been modified, not referencing a Service ${reference}: cleaning up` } };
  }
  if (service === undefined) {
    const ageMs = nowMs - (parseTime(creationTimestamp ?? '') ?? nowMs);
    if (ageMs <= GRACE_MS) return { againMs: GRACE_MS - ageMs + 1 };
    return { notice: { reason: 'IPAddressNotAllocated', message: `IPAddress: ${address} for Service ${namespace}/${name} appears to have leaked: cleaning up` } };
  }
  if (addressesOf(service).includes(address)) return {};
  return { notice: { reason: 'IPAddressWrongReference', message: `IPAddress: ${address} for Service ${namespace}/${name} has a wrong reference; cleaning up` } };
}
