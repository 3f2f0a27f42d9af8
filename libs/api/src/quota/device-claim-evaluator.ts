import { compareQuantities, quantityOf, subtractQuantities, type Quantity } from '@navarch/apimachinery';
import type { corev1, resourcev1 } from '../gen';
import { deviceClassOfResource, implicitResourcePrefix, isDeviceResource } from '../resource/extended-resource';
import { list } from '../support/list';
import type { Amounts } from './amounts';
import type { QuotaEvaluator } from './evaluator';
import { podEvaluator } from './pod-evaluator';

type Claim = resourcev1.ResourceClaim;

/** What must be known besides a claim to tell what it costs: devices can be counted by the names of extended resources too. */
export interface DeviceObjects {
  deviceClasses(): readonly resourcev1.DeviceClass[];
  pod(namespace: string, name: string): corev1.Pod | undefined;
  claims(namespace: string): readonly Claim[];
}

export const noDeviceObjects: DeviceObjects = { deviceClasses: () => [], pod: () => undefined, claims: () => [] };

const count = 'count/resourceclaims.resource.k8s.io';
const deviceSuffix = '.deviceclass.resource.k8s.io/devices';
const requests = 'requests.';
const extendedAnnotation = 'resource.kubernetes.io/extended-resource-claim';
/** Most devices of one allocation: what a request for all of them may come to. */
const maxDevices = 32;

type Wanted = Pick<resourcev1.DeviceSubRequest, 'allocationMode' | 'count' | 'deviceClassName'>;
/** What this version does not know is not counted. */
function devices({ allocationMode = 'ExactCount', count: wanted = 1 }: Wanted): number {
  if (allocationMode === 'All') return maxDevices;
  return allocationMode === 'ExactCount' ? wanted : 0;
}

function devicesByClass({ spec }: Claim): ReadonlyMap<string, number> {
  const byClass = new Map<string, number>();
  for (const { exactly, firstAvailable } of list(spec.devices?.requests)) {
    const most = new Map<string, number>();
    for (const wanted of exactly === undefined ? list(firstAvailable) : [exactly]) most.set(wanted.deviceClassName, Math.max(most.get(wanted.deviceClassName) ?? 0, devices(wanted)));
    for (const [name, number] of most) byClass.set(name, (byClass.get(name) ?? 0) + number);
  }
  return byClass;
}

/** What the pod costs for which the scheduler made this claim; nothing unless it is the one claim that the pod has for its extended resources. */
function costOfOwner(claim: Claim, objects: DeviceObjects, nowMs: number): Amounts | undefined {
  const { annotations, ownerReferences, namespace = '', name = '', creationTimestamp = '' } = claim.metadata;
  const owner = annotations?.[extendedAnnotation] === 'true' ? ownerReferences?.find(({ controller }) => controller === true) : undefined;
  if (owner?.kind !== 'Pod' || owner.apiVersion !== 'v1') return undefined;
  const pod = objects.pod(namespace, owner.name);
  if (pod?.metadata.uid !== owner.uid) return undefined;
  const named = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  if (named !== undefined && named !== name) return undefined;
  const comesBefore = ({ metadata }: Claim): boolean =>
    (metadata.creationTimestamp ?? '') < creationTimestamp || ((metadata.creationTimestamp ?? '') === creationTimestamp && (metadata.name ?? '') < name);
  const isOwned = ({ metadata }: Claim): boolean =>
    metadata.annotations?.[extendedAnnotation] === 'true' &&
    metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === owner.uid) === true;
  if (named === undefined && objects.claims(namespace).some((other) => isOwned(other) && comesBefore(other))) return undefined;
  return podEvaluator.usage(pod, nowMs);
}

/**
 * Claims of devices: their number, and the devices by class; of alternatives the dearest counts. They count too under the names of the
 * extended resources that the classes stand for, except for what the pod costs already whose extended resources the claim is for.
 */
export function deviceClaimEvaluator(objects: DeviceObjects): QuotaEvaluator {
  return {
    group: 'resource.k8s.io',
    resource: 'resourceclaims',
    chargesUpdates: false,
    admitsUpdate: (subresource) => subresource === '',
    changesScope: () => false,
    counts(name) {
      if (name === count || name.endsWith(deviceSuffix)) return true;
      const resource = name.startsWith(requests) ? name.slice(requests.length) : '';
      return isDeviceResource(resource) && deviceClassOfResource(resource, objects.deviceClasses()) !== undefined;
    },
    matchesScope: () => false,
    usage(claim: Claim, nowMs) {
      const usage = new Map<string, Quantity>([[count, quantityOf(1)]]);
      const asResources = new Map<string, Quantity>();
      const classes = objects.deviceClasses();
      for (const [className, number] of devicesByClass(claim)) {
        const quantity = quantityOf(number);
        usage.set(`${className}${deviceSuffix}`, quantity);
        asResources.set(`${requests}${implicitResourcePrefix}${className}`, quantity);
        const explicit = classes.find(({ metadata }) => metadata.name === className)?.spec.extendedResourceName;
        if (explicit !== undefined) asResources.set(`${requests}${explicit}`, quantity);
      }
      const ofPod = costOfOwner(claim, objects, nowMs);
      for (const [name, quantity] of asResources) {
        const counted = ofPod?.get(name);
        const left = counted === undefined ? quantity : subtractQuantities(quantity, counted);
        if (compareQuantities(left, quantityOf(0)) > 0) usage.set(name, left);
      }
      return usage;
    },
  };
}
