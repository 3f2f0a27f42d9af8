import { dns1123LabelMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { validateNodeSelector } from '../core/pod/validation/node-selector';
import type { resourcev1 } from '../gen';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { dnsLabel, dnsSubdomain, type Findings, present, refuse } from '../validation/rules';
import { validateCapacity } from './capacity-validation';
import { atMost, eachOnce, validateQualified } from './device-names';
import { validateNodeResources } from './node-resource-validation';
import { validateBindingConditions, validateDeviceTaint } from './taint-validation';

type Device = Loose<resourcev1.Device>;
type Attribute = Loose<resourcev1.DeviceAttribute>;

const maxDescribed = 32;
const maxAttributeValues = 48;
const maxText = 64;
const maxTaints = 16;
const maxConsumptions = 2;
const maxCounters = 32;
const semanticVersion = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const scalars = ['bool', 'int', 'string', 'version'] as const;
const plurals = ['bools', 'ints', 'strings', 'versions'] as const;

function validateText(text: string, isVersion: boolean, path: FieldPath, found: Findings): void {
  if (isVersion && !semanticVersion.test(text)) found.push(fieldErrors.invalid(path, text, 'must be a string compatible with semver.org spec 2.0.0'));
  if (Buffer.byteLength(text) > maxText) found.push(fieldErrors.tooLong(path, maxText));
}

function validateAttribute(attribute: Attribute, path: FieldPath, found: Findings): void {
  const { string, version } = attribute;
  if (string !== undefined) validateText(string, false, path.child('string'), found);
  if (version !== undefined) validateText(version, true, path.child('version'), found);
  for (const field of plurals) {
    const all: readonly unknown[] | undefined = attribute[field];
    if (all?.length === 0) found.push(fieldErrors.invalid(path.child(field), all, 'must not be empty if specified'));
    if (field === 'strings' || field === 'versions') list(attribute[field]).forEach((text, i) => validateText(text, field === 'versions', path.child(field).index(i), found));
  }
  const given = [...scalars, ...plurals].filter((field) => attribute[field] !== undefined).length;
  if (given !== 1) found.push(fieldErrors.invalid(path, given === 0 ? '' : attribute, 'exactly one value must be specified'));
}

function validateDescription(device: Device, path: FieldPath, found: Findings): void {
  const [attributes, capacity] = [entries(device.attributes), entries(device.capacity)];
  const described = attributes.length + capacity.length;
  if (described > maxDescribed) found.push(fieldErrors.invalid(path, described, `the total number of attributes and capacities must not exceed ${maxDescribed}`));
  const values = attributes.reduce((sum, [, attribute = {}]) => sum + Math.max(1, ...plurals.map((field) => list<unknown>(attribute[field]).length)), 0);
  if (values > maxAttributeValues) found.push(fieldErrors.invalid(path, values, `the total number of attribute values must not exceed ${maxAttributeValues}`));
  for (const [name, attribute = {}] of attributes) {
    validateQualified(name, path.child('attributes'), found);
    validateAttribute(attribute, path.child('attributes').key(name), found);
  }
  for (const [name, amount = {}] of capacity) {
    validateQualified(name, path.child('capacity'), found);
    validateCapacity(amount, device.allowMultipleAllocations === true, path.child('capacity').key(name), found);
  }
}

const places = ['nodeName', 'nodeSelector', 'allNodes'] as const;
const onePlace = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

/** Where a device is, if its slice leaves that to each. */
function validatePlace(device: Device, isOwn: boolean, path: FieldPath, found: Findings): void {
  if (!isOwn) {
    if (places.some((field) => device[field] !== undefined))
      found.push(fieldErrors.invalid(path, null, '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'));
    return;
  }
  const { nodeName, nodeSelector, allNodes } = device;
  if (nodeName === '') found.push(fieldErrors.invalid(path.child('nodeName'), nodeName, 'must not be empty'));
  else if (nodeName !== undefined) dnsSubdomain(nodeName, path.child('nodeName'), found);
  if (nodeSelector) validateNodeSelector(nodeSelector, path.child('nodeSelector'), found);
  if (allNodes === false) found.push(fieldErrors.invalid(path.child('allNodes'), allNodes, 'must be either unset or set to true'));
  const given = places.filter((field) => device[field]);
  if (given.length === 0) found.push(fieldErrors.required(path, onePlace));
  else if (given.length > 1) found.push(fieldErrors.invalid(path, `{${given.map((field) => `\`${field}\``).join(', ')}}`, onePlace));
}

/** Counters by name, of a set or of what a device takes from one. */
export function validateCounters(counters: Loose<Record<string, resourcev1.Counter>> | undefined, path: FieldPath, found: Findings): void {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) found.push(fieldErrors.required(path));
  else if (atMost(names, maxCounters, path, found)) for (const name of names) refuse(dns1123LabelMessages(name), name, path, found);
}

/** What it said of its taints before may stay. */
export function validateDevice(device: Device, old: Device | undefined, placesItself: boolean, path: FieldPath, found: Findings): void {
  dnsLabel(device.name ?? '', path.child('name'), found);
  validateDescription(device, path, found);
  const taints = list(device.taints);
  if ((!old || !semanticEqual(device.taints, old.taints)) && atMost(taints, maxTaints, path.child('taints'), found)) {
    taints.forEach((taint, i) => validateDeviceTaint(taint, path.child('taints').index(i), found));
  }
  const consumed = list(device.consumesCounters);
  const at = path.child('consumesCounters');
  if (atMost(consumed, maxConsumptions, at, found))
    consumed.forEach(({ counterSet, counters }, i) => {
      if (present(counterSet, at.index(i).child('counterSet'), found)) dnsLabel(counterSet, at.index(i).child('counterSet'), found);
      validateCounters(counters, at.index(i).child('counters'), found);
    });
  eachOnce(consumed, ({ counterSet = '' }) => counterSet, at, found);
  validatePlace(device, placesItself, path, found);
  validateBindingConditions(device, path, found);
  validateNodeResources(device, path.child('nodeAllocatableResourceMappings'), found);
}
