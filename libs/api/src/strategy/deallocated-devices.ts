import type { resourcev1 } from '../gen';
import { kindRules } from './kind-rules';

type Claim = resourcev1.ResourceClaim;

interface DeviceId {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

const idOf = ({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string => JSON.stringify([driver, pool, device, shareID]);
const allocatedIn = ({ status }: Claim): Set<string> => new Set((status?.allocation?.devices?.results ?? []).map(idOf));

/** What drivers said of devices goes with them (dropDeallocatedStatusDevices of pkg/registry/resource/resourceclaim). */
function dropDeallocated(claim: Claim, old: Claim): void {
  const { status } = claim;
  if (status?.devices === undefined) return;
  const [has, had] = [allocatedIn(claim), allocatedIn(old)];
  status.devices = status.devices.filter((device) => has.has(idOf(device)) || !had.has(idOf(device)));
  if (status.devices.length === 0) delete status.devices;
}

export const resourceClaimRules = kindRules<Claim>({ initialStatus: () => ({}), onStatusUpdate: dropDeallocated });
