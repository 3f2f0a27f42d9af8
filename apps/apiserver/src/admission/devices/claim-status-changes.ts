import { type corev1, type resourcev1, semanticEqual } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';

// Mirrors AuthorizedForBinding and AuthorizedForDeviceStatus of pkg/registry/resource/utils.go.

type Status = resourcev1.ResourceClaimStatus;

interface DeviceId {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

const idOf = ({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string => JSON.stringify([driver, pool, device, shareID]);

/** Whether a write gives devices to a claim or takes them, or lets others use it. */
export function changesBinding(next: Status, before: Status): boolean {
  return !semanticEqual(next.allocation, before.allocation) || !semanticEqual(next.reservedFor, before.reservedFor);
}

/** The drivers for whose devices a write says something else than before, sorted. What goes with its allocation is no news of a driver. */
export function driversToldOf(next: Status, before: Status): string[] {
  const results = (status: Status): Set<string> => new Set((status.allocation?.devices?.results ?? []).map(idOf));
  const [allocated, wereAllocated] = [results(next), results(before)];
  const old = new Map((before.devices ?? []).map((device) => [idOf(device), device]));
  const drivers = new Set<string>();
  for (const device of next.devices ?? []) {
    const id = idOf(device);
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
