import { compareQuantities, quantityOf, roundUpQuantity, type Quantity } from '@navarch/apimachinery';
import type { corev1, resourcev1 } from '../gen';
import { list } from '../support/list';
import { readQuantity } from '../support/quantity';
import { storageClassOf } from '../volumes';
import type { QuotaEvaluator } from './evaluator';
import { namesMatch } from './scopes';

const classSuffix = '.storageclass.storage.k8s.io/';
const claimNames = ['persistentvolumeclaims', 'requests.storage'];

/** The greater of what is asked for and what an expansion under way has reserved. */
function storageOf({ spec, status }: corev1.PersistentVolumeClaim): Quantity | undefined {
  const asked = readQuantity(spec?.resources?.requests?.['storage']);
  const reserved = readQuantity(status?.allocatedResources?.['storage']);
  const greater = asked !== undefined && reserved !== undefined && compareQuantities(reserved, asked) > 0 ? reserved : asked;
  return greater === undefined ? undefined : roundUpQuantity(greater, 0);
}

function attributeClasses({ spec, status }: corev1.PersistentVolumeClaim): string[] {
  const all = [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName];
  return [...new Set(all.flatMap((name) => (name === undefined || name === '' ? [] : [name])))];
}

/** Claims: their number and the storage they ask for, in all and by class. */
export const persistentVolumeClaimEvaluator: QuotaEvaluator = {
  group: '',
  resource: 'persistentvolumeclaims',
  chargesUpdates: true,
  // What an expansion has reserved, and which attributes a volume has, stands in the status.
  admitsUpdate: (subresource) => subresource === '' || subresource === 'status',
  changesScope: (before: corev1.PersistentVolumeClaim, after: corev1.PersistentVolumeClaim) => attributeClasses(before).sort().join() !== attributeClasses(after).sort().join(),
  counts: (name) => name === 'count/persistentvolumeclaims' || claimNames.some((own) => name === own || name.endsWith(`${classSuffix}${own}`)),
  matchesScope: (scope, claim: corev1.PersistentVolumeClaim) => scope.scopeName === 'VolumeAttributesClass' && namesMatch(scope, attributeClasses(claim)),
  usage(claim: corev1.PersistentVolumeClaim) {
    const storage = storageOf(claim);
    const own = new Map([['persistentvolumeclaims', quantityOf(1)], ...(storage === undefined ? [] : [['requests.storage', storage] as const])]);
    const usage = new Map([['count/persistentvolumeclaims', quantityOf(1)], ...own]);
    const storageClass = storageClassOf(claim);
    if (storageClass !== '') for (const [name, quantity] of own) usage.set(`${storageClass}${classSuffix}${name}`, quantity);
    return usage;
  },
};

const deviceSuffix = '.deviceclass.resource.k8s.io/devices';
/** Most devices of one allocation: what a request for all of them may come to. */
const maxDevices = 32;

type Wanted = Pick<resourcev1.DeviceSubRequest, 'allocationMode' | 'count' | 'deviceClassName'>;
/** What this version does not know is not counted. */
function devices({ allocationMode = 'ExactCount', count = 1 }: Wanted): number {
  if (allocationMode === 'All') return maxDevices;
  return allocationMode === 'ExactCount' ? count : 0;
}

/** Claims of devices: their number, and the devices by class; of alternatives the dearest counts. */
export const resourceClaimEvaluator: QuotaEvaluator = {
  group: 'resource.k8s.io',
  resource: 'resourceclaims',
  chargesUpdates: false,
  admitsUpdate: (subresource) => subresource === '',
  changesScope: () => false,
  counts: (name) => name === 'count/resourceclaims.resource.k8s.io' || name.endsWith(deviceSuffix),
  matchesScope: () => false,
  usage({ spec }: resourcev1.ResourceClaim) {
    const byClass = new Map<string, number>();
    for (const { exactly, firstAvailable } of list(spec.devices?.requests)) {
      const most = new Map<string, number>();
      for (const wanted of exactly === undefined ? list(firstAvailable) : [exactly]) most.set(wanted.deviceClassName, Math.max(most.get(wanted.deviceClassName) ?? 0, devices(wanted)));
      for (const [name, number] of most) byClass.set(name, (byClass.get(name) ?? 0) + number);
    }
    return new Map([['count/resourceclaims.resource.k8s.io', quantityOf(1)], ...[...byClass].map(([name, number]) => [`${name}${deviceSuffix}`, quantityOf(number)] as const)]);
  },
};
