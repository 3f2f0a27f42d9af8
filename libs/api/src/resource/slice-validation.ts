import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { validateNodeSelector } from '../core/pod/validation/node-selector';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { dnsLabel, dnsSubdomain, type Findings, nonNegative, present } from '../validation/rules';

type Spec = Loose<resourcev1.ResourceSliceSpec>;
type Device = Loose<resourcev1.Device>;

const maxDevices = 128;
const maxAttributes = 32;
const places = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
const oneOfPlaces = `exactly one of ${places.slice(0, -1).map((field) => `\`${field}\``).join(', ')}, \`${places.at(-1) ?? ''}\` is required`;

function validatePool(pool: Loose<resourcev1.ResourcePool> | undefined, path: FieldPath, found: Findings): void {
  const { name, generation, resourceSliceCount = 0 } = pool ?? {};
  if (present(name, path.child('name'), found)) for (const part of name.split('/')) dnsSubdomain(part, path.child('name'), found);
  if (resourceSliceCount <= 0) found.push(fieldErrors.invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  nonNegative(generation, path.child('generation'), found);
}

/** Where the devices are: said once for all of them, or by each. */
function validatePlace(spec: Spec, path: FieldPath, found: Findings): void {
  const given = places.filter((field) => (typeof spec[field] === 'string' ? spec[field] !== '' : Boolean(spec[field])));
  if (given.length === 0) found.push(fieldErrors.required(path, oneOfPlaces));
  else if (given.length > 1) found.push(fieldErrors.invalid(path, `{${given.map((field) => `\`${field}\``).join(', ')}}`, oneOfPlaces));
  if (spec.nodeName) dnsSubdomain(spec.nodeName, path.child('nodeName'), found);
  if (!spec.nodeSelector) return;
  validateNodeSelector(spec.nodeSelector, path.child('nodeSelector'), found);
  if (list(spec.nodeSelector.nodeSelectorTerms).length !== 1)
    found.push(fieldErrors.invalid(path.child('nodeSelector', 'nodeSelectorTerms'), spec.nodeSelector.nodeSelectorTerms ?? null, 'must have exactly one node selector term'));
}

function validateDevice(device: Device, path: FieldPath, found: Findings): void {
  if (present(device.name, path.child('name'), found)) dnsLabel(device.name, path.child('name'), found);
  const described = Object.keys(device.attributes ?? {}).length + Object.keys(device.capacity ?? {}).length;
  if (described > maxAttributes) found.push(fieldErrors.invalid(path, described, `the total number of attributes and capacities must not exceed ${maxAttributes}`));
  for (const [name, attribute = {}] of Object.entries(device.attributes ?? {})) {
    const values = Object.values(attribute).filter((value) => value !== undefined);
    const at = path.child('attributes').key(name);
    if (values.length === 0) found.push(fieldErrors.required(at, 'exactly one value must be specified'));
    else if (values.length > 1) found.push(fieldErrors.invalid(at, attribute, 'exactly one value must be specified'));
  }
  list(device.taints).forEach(({ key, effect }, i) => {
    const at = path.child('taints').index(i);
    present(key, at.child('key'), found);
    if (present(effect, at.child('effect'), found) && !['None', 'NoSchedule', 'NoExecute'].includes(effect))
      found.push(fieldErrors.notSupported(at.child('effect'), effect, ['NoExecute', 'NoSchedule', 'None']));
  });
}

/** What a driver publishes of its devices. */
export function validateSlice(spec: Spec, path: FieldPath, found: Findings): void {
  if (present(spec.driver, path.child('driver'), found)) dnsSubdomain(spec.driver, path.child('driver'), found);
  validatePool(spec.pool, path.child('pool'), found);
  validatePlace(spec, path, found);
  const devices = list(spec.devices);
  if (devices.length > maxDevices) {
    found.push(fieldErrors.tooMany(path.child('devices'), devices.length, maxDevices));
    return;
  }
  const names = new Set<string>();
  devices.forEach((device, i) => {
    const at = path.child('devices').index(i);
    const { name = '' } = device;
    if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
    names.add(name);
    validateDevice(device, at, found);
  });
}
