import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { validateConditions } from '../validation/conditions';
import { canonicalInterfaceAddressMessages } from '../validation/ip';
import { dnsLabel, type Findings, refuse } from '../validation/rules';
import { atMost, eachOnce, validateDriver, validatePoolName } from './device-names';
import { validateRaw } from './driver-data';
import { validateShareId } from './share-id';

type Claim = Loose<resourcev1.ResourceClaim>;

const maxConditions = 8;
const maxData = 10 * 1024;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const maxAddresses = 16;

const idOf = ({ driver = '', pool = '', device = '', shareID }: Loose<resourcev1.AllocatedDeviceStatus>): string => [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/');

function validateNetwork({ interfaceName = '', hardwareAddress = '', ips }: Loose<resourcev1.NetworkDeviceData>, path: FieldPath, found: Findings): void {
  if (Buffer.byteLength(interfaceName) > maxInterfaceName) found.push(fieldErrors.tooLong(path.child('interfaceName'), maxInterfaceName));
  if (Buffer.byteLength(hardwareAddress) > maxHardwareAddress) found.push(fieldErrors.tooLong(path.child('hardwareAddress'), maxHardwareAddress));
  const addresses = list(ips);
  const at = path.child('ips');
  if (!atMost(addresses, maxAddresses, at, found)) return;
  addresses.forEach((address, i) => refuse(canonicalInterfaceAddressMessages(address), address, at.index(i), found));
  eachOnce(addresses, (address) => address, at, found);
}

/** What drivers say of devices that the claim has. */
export function validateDeviceStatuses({ status = {} }: Claim, path: FieldPath, found: Findings): void {
  const allocated = new Set(list(status.allocation?.devices?.results).map(idOf));
  list(status.devices).forEach((device, i) => {
    const at = path.index(i);
    validateDriver(device.driver, at.child('driver'), found);
    validatePoolName(device.pool, at.child('pool'), found);
    dnsLabel(device.device ?? '', at.child('device'), found);
    if (device.shareID !== undefined) validateShareId(device.shareID, at.child('shareID'), found);
    if (!allocated.has(idOf(device))) found.push(fieldErrors.invalid(at, idOf(device), 'must be an allocated device in the claim'));
    const conditions = list(device.conditions);
    if (conditions.length > maxConditions) found.push(fieldErrors.tooMany(at.child('conditions'), conditions.length, maxConditions));
    validateConditions(conditions, at.child('conditions'), found);
    if (device.data !== undefined) validateRaw(device.data, maxData, at.child('data'), found);
    if (device.networkData) validateNetwork(device.networkData, at.child('networkData'), found);
  });
  eachOnce(status.devices, idOf, path, found);
}
