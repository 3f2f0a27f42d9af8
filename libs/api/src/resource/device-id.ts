import type { resourcev1 } from '../gen';

interface DeviceId {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}

/** What tells one allocated device, or a share of one, from all others. */
export const deviceIdOf = ({ driver = '', pool = '', device = '', shareID = '' }: DeviceId): string => JSON.stringify([driver, pool, device, shareID]);

/** The devices that a claim has been given, by `deviceIdOf`. */
export const allocatedDevices = (status: resourcev1.ResourceClaimStatus | undefined): Set<string> => new Set((status?.allocation?.devices?.results ?? []).map(deviceIdOf));
