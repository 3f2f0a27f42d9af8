import { fieldErrors, type FieldPath, formatQuantity } from '@navarch/apimachinery';
import type { resourcev1 } from '../gen';
import { entries } from '../support/list';
import { type Loose } from '../support/loose';
import { readQuantity } from '../support/quantity';
import { type Findings } from '../validation/rules';

type Device = Loose<resourcev1.Device>;

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

/** Which of a node's own resources a device takes. Mirrors validateNodeAllocatableResourceMappings of pkg/apis/resource/validation. */
export function validateNodeResources({ nodeAllocatableResourceMappings, capacity = {} }: Device, path: FieldPath, found: Findings): void {
  for (const [name, { allocationMultiplier, capacityKey } = {}] of entries(nodeAllocatableResourceMappings)) {
    const at = path.key(name);
    if (!isNative(name)) found.push(fieldErrors.invalid(at, name, 'must be a node allocatable resource name'));
    if (allocationMultiplier === undefined && capacityKey === undefined) found.push(fieldErrors.invalid(at, '', 'at least one of allocationMultiplier or capacityKey must be set'));
    const multiplier = readQuantity(allocationMultiplier);
    if (multiplier !== undefined && multiplier.nanos <= 0n) found.push(fieldErrors.invalid(at.child('allocationMultiplier'), formatQuantity(multiplier), 'must be positive'));
    if (capacityKey === '') found.push(fieldErrors.invalid(at.child('capacityKey'), '', 'capacityKey must not be an empty string'));
    else if (capacityKey !== undefined && !Object.hasOwn(capacity, capacityKey)) found.push(fieldErrors.notFound(at.child('capacityKey'), capacityKey));
  }
}
