import type { resourcev1 } from '../gen';
import { allocatedDevices, deviceIdOf } from '../resource/device-id';
import { keepMetadata, kindRules, statusOnly } from './kind-rules';

type Claim = resourcev1.ResourceClaim;

/** What drivers said of devices goes with them (dropDeallocatedStatusDevices of pkg/registry/resource/resourceclaim). */
function dropDeallocated(claim: Claim, old: Claim): void {
  keepMetadata(claim, old);
  const { status } = claim;
  if (status?.devices === undefined) return;
  const [has, had] = [allocatedDevices(status), allocatedDevices(old.status)];
  status.devices = status.devices.filter((device) => has.has(deviceIdOf(device)) || !had.has(deviceIdOf(device)));
  if (status.devices.length === 0) delete status.devices;
}

export const resourceClaimRules = kindRules<Claim>({ ...statusOnly, initialStatus: () => ({}), onStatusUpdate: dropDeallocated });
