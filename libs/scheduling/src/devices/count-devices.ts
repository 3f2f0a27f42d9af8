import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { compileSelector } from './device-selector';
import { deviceId, poolsOf } from './offered-devices';

/** How many devices of a class a node can use, and how many of those claims have (upstream's calculateDRAExtendedResourceAllocatableRequest). */
export function countDevices(className: string, node: NodeInfo, { objects, reservations }: ClusterState): { readonly offered: number; readonly taken: number } {
  const selectors = (objects.deviceClasses.get({ namespace: '', name: className })?.spec.selectors ?? []).flatMap(({ cel }) => (cel === undefined ? [] : [compileSelector(cel.expression)]));
  const results = reservations.claimsWithDevices().flatMap(({ status }) => status?.allocation?.devices?.results ?? []);
  const taken = new Set(results.filter(({ adminAccess }) => adminAccess !== true).map(({ driver, pool, device }) => deviceId(driver, pool, device)));
  const offered = poolsOf(objects.resourceSlices.list()).offeredTo(node).filter((device) => selectors.every((selects) => selects(device)));
  return { offered: offered.length, taken: offered.filter(({ id }) => taken.has(id)).length };
}
