import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { validateNodeSelector } from '../core/pod/validation/node-selector';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { dnsLabel, dnsSubdomain, type Findings, immutable, present } from '../validation/rules';
import { atMost, eachOnce, validateDriver, validatePoolName } from './device-names';
import { validateCounters, validateDevice } from './device-validation';

type Spec = Loose<resourcev1.ResourceSliceSpec>;

const maxDevices = 128;
/** Where devices say more of themselves a slice holds fewer. */
const maxElaborateDevices = 64;
const maxCounterSets = 8;
const places = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
const onePlace = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

function validatePool(pool: Loose<resourcev1.ResourcePool> | undefined, path: FieldPath, found: Findings): void {
  const { name, generation = 0, resourceSliceCount = 0 } = pool ?? {};
  validatePoolName(name, path.child('name'), found);
  if (resourceSliceCount <= 0) found.push(fieldErrors.invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  if (generation < 0) found.push(fieldErrors.invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
}

/** Where the devices are: said once for all of them, or by each. */
function validatePlace(spec: Spec, path: FieldPath, found: Findings): void {
  const { nodeName, nodeSelector } = spec;
  if (nodeName === '') found.push(fieldErrors.invalid(path.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string'));
  else if (nodeName !== undefined) dnsSubdomain(nodeName, path.child('nodeName'), found);
  if (nodeSelector) {
    validateNodeSelector(nodeSelector, path.child('nodeSelector'), found);
    if (list(nodeSelector.nodeSelectorTerms).length !== 1)
      found.push(fieldErrors.invalid(path.child('nodeSelector', 'nodeSelectorTerms'), nodeSelector.nodeSelectorTerms ?? null, 'must have exactly one node selector term'));
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const)
    if (spec[field] === false) found.push(fieldErrors.invalid(path.child(field), false, 'must be either unset or set to true'));
  const given = places.filter((field) => spec[field]);
  if (given.length === 0) found.push(fieldErrors.required(path, onePlace));
  else if (given.length > 1) found.push(fieldErrors.invalid(path, `{${given.map((field) => `\`${field}\``).join(', ')}}`, `${onePlace}, but multiple fields are set`));
}

const isElaborate = ({ taints, consumesCounters, attributes }: Loose<resourcev1.Device>): boolean =>
  list(taints).length + list(consumesCounters).length > 0 ||
  Object.values(attributes ?? {}).some((attribute) => attribute && (attribute.bools ?? attribute.ints ?? attribute.strings ?? attribute.versions));

/** What a driver publishes of its devices. */
export function validateSlice(spec: Spec, old: Spec | undefined, path: FieldPath, found: Findings): void {
  validateDriver(spec.driver, path.child('driver'), found);
  validatePool(spec.pool, path.child('pool'), found);
  if (old) {
    immutable(spec.pool?.name, old.pool?.name, path.child('pool', 'name'), found);
    for (const field of ['driver', 'nodeName'] as const) immutable(spec[field], old[field], path.child(field), found);
  }
  validatePlace(spec, path, found);
  if (spec.sharedCounters !== undefined && spec.devices !== undefined) found.push(fieldErrors.invalid(path, '', 'only one of `sharedCounters` or `devices` is allowed'));
  const devices = list(spec.devices);
  const at = path.child('devices');
  if (atMost(devices, devices.some(isElaborate) ? maxElaborateDevices : maxDevices, at, found)) {
    devices.forEach((device, i) => validateDevice(device, list(old?.devices).find(({ name }) => name === device.name), spec.perDeviceNodeSelection === true, at.index(i), found));
    eachOnce(devices, ({ name = '' }) => name, at, found);
  }
  const sets = list(spec.sharedCounters);
  const setsPath = path.child('sharedCounters');
  if (!atMost(sets, maxCounterSets, setsPath, found)) return;
  sets.forEach(({ name, counters }, i) => {
    if (present(name, setsPath.index(i).child('name'), found)) dnsLabel(name, setsPath.index(i).child('name'), found);
    validateCounters(counters, setsPath.index(i).child('counters'), found);
  });
  eachOnce(sets, ({ name = '' }) => name, setsPath, found);
}
