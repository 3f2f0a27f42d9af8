import { compareQuantities, quantityOf, roundUpQuantity, type Quantity } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
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
