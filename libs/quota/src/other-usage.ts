import type { corev1, resourcev1 } from '@navarch/api';
import { compareQuantities, type Quantity } from '@navarch/apimachinery';
import { type Amounts, counted, readAmounts } from './amounts';

const storageClassSuffix = '.storageclass.storage.k8s.io/';
const deviceClassSuffix = '.deviceclass.resource.k8s.io/devices';

export const concernsServices = (name: string): boolean => ['services', 'services.nodeports', 'services.loadbalancers', 'count/services'].includes(name);
export const concernsClaims = (name: string): boolean => ['persistentvolumeclaims', 'requests.storage', 'count/persistentvolumeclaims'].includes(name) || name.includes(storageClassSuffix);
export const concernsDeviceClaims = (name: string): boolean => name === 'count/resourceclaims.resource.k8s.io' || name.endsWith(deviceClassSuffix);

/** What a Service uses of a quota: a load balancer takes node ports as well, unless it was told not to. */
export function serviceUsage({ spec }: corev1.Service): Amounts {
  const ports = spec?.ports ?? [];
  const balanced = spec?.type === 'LoadBalancer';
  const allocates = spec?.type === 'NodePort' || (balanced && spec.allocateLoadBalancerNodePorts !== false);
  const nodePorts = allocates ? ports.length : balanced ? ports.filter(({ nodePort }) => (nodePort ?? 0) !== 0).length : 0;
  return new Map([counted('count/services', 1), counted('services', 1), counted('services.nodeports', nodePorts), counted('services.loadbalancers', balanced ? 1 : 0)]);
}

/** Of the class's annotation or field. */
function classOf({ metadata, spec }: corev1.PersistentVolumeClaim): string {
  return metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}

function storageOf({ spec, status }: corev1.PersistentVolumeClaim): Quantity | undefined {
  const asked = readAmounts(spec?.resources?.requests).get('storage');
  const allocated = readAmounts(status?.allocatedResources).get('storage');
  return asked !== undefined && allocated !== undefined && compareQuantities(allocated, asked) > 0 ? allocated : asked;
}

/** What a claim uses of a quota, in all and of its storage class. */
export function claimUsage(claim: corev1.PersistentVolumeClaim): Amounts {
  const usage = new Map([counted('count/persistentvolumeclaims', 1), counted('persistentvolumeclaims', 1)]);
  const storageClass = classOf(claim);
  const ofClass = `${storageClass}${storageClassSuffix}`;
  if (storageClass !== '') usage.set(...counted(`${ofClass}persistentvolumeclaims`, 1));
  const storage = storageOf(claim);
  if (storage === undefined) return usage;
  usage.set('requests.storage', storage);
  if (storageClass !== '') usage.set(`${ofClass}requests.storage`, storage);
  return usage;
}

/** The most devices that a claim may come to hold, by device class. */
export function deviceClaimUsage({ spec }: resourcev1.ResourceClaim): Amounts {
  const devices = new Map<string, number>();
  for (const { exactly, firstAvailable } of spec.devices?.requests ?? []) {
    const worst = new Map<string, number>();
    for (const { deviceClassName, allocationMode, count } of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      // All devices of a node is upstream's limit for one claim.
      const wanted = allocationMode === 'All' ? 32 : (count ?? 1);
      worst.set(deviceClassName, Math.max(worst.get(deviceClassName) ?? 0, wanted));
    }
    for (const [name, count] of worst) devices.set(name, (devices.get(name) ?? 0) + count);
  }
  return new Map([counted('count/resourceclaims.resource.k8s.io', 1), ...[...devices].map(([name, count]) => counted(`${name}${deviceClassSuffix}`, count))]);
}
