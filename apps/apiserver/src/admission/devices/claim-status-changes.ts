import { allocatedDevices, type corev1, deviceIdOf, type resourcev1, semanticEqual } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';

// Mirrors AuthorizedForBinding and AuthorizedForDeviceStatus of pkg/registry/resource/utils.go.

type Status = resourcev1.ResourceClaimStatus;

/** Whether a write gives devices to a claim or takes them, or lets others use it. */
export function changesBinding(next: Status, before: Status): boolean {
  return !semanticEqual(next.allocation, before.allocation) || !semanticEqual(next.reservedFor, before.reservedFor);
}

/** The drivers for whose devices a write says something else than before, sorted. What goes with its allocation is no news of a driver. */
export function driversToldOf(next: Status, before: Status): string[] {
  const [allocated, wereAllocated] = [allocatedDevices(next), allocatedDevices(before)];
  const old = new Map((before.devices ?? []).map((device) => [deviceIdOf(device), device]));
  const drivers = new Set<string>();
  for (const device of next.devices ?? []) {
    const id = deviceIdOf(device);
    if (!semanticEqual(old.get(id), device)) drivers.add(device.driver);
    old.delete(id);
  }
  for (const [id, { driver }] of old) if (allocated.has(id) || !wereAllocated.has(id)) drivers.add(driver);
  return [...drivers].sort(compareStrings);
}

/** The node whose devices a claim has, if they are of one node and no other could use them. */
export function nodeOfAllocation(allocation: resourcev1.AllocationResult | undefined): string | undefined {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [{ matchExpressions = [], matchFields = [] } = {}]: readonly Partial<corev1.NodeSelectorTerm>[] = terms;
  const [field] = matchFields;
  if (terms.length !== 1 || matchExpressions.length > 0 || matchFields.length !== 1) return undefined;
  return field?.key === 'metadata.name' && field.operator === 'In' && field.values?.length === 1 ? field.values[0] : undefined;
}
