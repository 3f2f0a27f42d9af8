import type { resourcev1 } from '@navarch/api';
import type { Lookup } from '../state/cluster-objects';
import { compileSelector } from './device-selector';
import type { OfferedDevice } from './offered-devices';

export interface Allocator {
  readonly offered: readonly OfferedDevice[];
  /** Ids of devices that are taken already. */
  readonly taken: ReadonlySet<string>;
  readonly classes: Lookup<resourcev1.DeviceClass>;
}

type Request = resourcev1.ExactDeviceRequest | resourcev1.DeviceSubRequest;

/** One device that is still to be chosen. */
interface Slot {
  /** `request` or `request/subrequest`. */
  readonly name: string;
  readonly request: Request;
  readonly candidates: readonly OfferedDevice[];
}

/** Devices for all requests of a claim, or undefined. The first that suits goes first; what was chosen is given up again where it leads nowhere. */
export function allocateDevices(claim: resourcev1.ResourceClaim, allocator: Allocator): resourcev1.DeviceRequestAllocationResult[] | undefined {
  const { requests = [], constraints = [] } = claim.spec.devices ?? {};
  return allocateFrom(requests, [], constraints, allocator);
}

/** Takes one alternative of each request, in the order of preference. */
function allocateFrom(requests: readonly resourcev1.DeviceRequest[], slots: readonly Slot[], constraints: readonly resourcev1.DeviceConstraint[], allocator: Allocator): resourcev1.DeviceRequestAllocationResult[] | undefined {
  const [next, ...others] = requests;
  if (next === undefined) return choose(slots, [], constraints, allocator.taken);
  const alternatives: readonly { readonly name: string; readonly request: Request }[] = next.exactly !== undefined
    ? [{ name: next.name, request: next.exactly }]
    : (next.firstAvailable ?? []).map((request) => ({ name: `${next.name}/${request.name}`, request }));
  for (const { name, request } of alternatives) {
    const candidates = suitable(request, allocator);
    const count = request.allocationMode === 'All' ? candidates.length : (request.count ?? 1);
    // All means all that there are, and at least one; none of them may be taken.
    if (candidates.length < count || count === 0) continue;
    const found = allocateFrom(others, [...slots, ...Array.from({ length: count }, (): Slot => ({ name, request, candidates }))], constraints, allocator);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isAdmin = (request: Request): boolean => 'adminAccess' in request && (request.adminAccess ?? false);

function choose(slots: readonly Slot[], chosen: readonly { slot: Slot; device: OfferedDevice }[], constraints: readonly resourcev1.DeviceConstraint[], taken: ReadonlySet<string>): resourcev1.DeviceRequestAllocationResult[] | undefined {
  const slot = slots[chosen.length];
  if (slot === undefined) return chosen.map(({ slot: { name, request }, device }) => result(name, request, device));
  for (const device of slot.candidates) {
    if (!isAdmin(slot.request) && (taken.has(device.id) || chosen.some((other) => other.device.id === device.id))) continue;
    const with_ = [...chosen, { slot, device }];
    if (!constraints.every((constraint) => holds(constraint, with_))) continue;
    const found = choose(slots, with_, constraints, taken);
    if (found !== undefined) return found;
  }
  return undefined;
}

function result(request: string, asked: Request, { driver, pool, device }: OfferedDevice): resourcev1.DeviceRequestAllocationResult {
  return { request, driver, pool, device: device.name, ...(isAdmin(asked) ? { adminAccess: true } : {}), ...(asked.tolerations === undefined ? {} : { tolerations: asked.tolerations }) };
}

function suitable(request: Request, { offered, classes }: Allocator): OfferedDevice[] {
  const deviceClass = classes.get({ namespace: '', name: request.deviceClassName });
  if (deviceClass === undefined) return [];
  const selectors = [...(deviceClass.spec.selectors ?? []), ...(request.selectors ?? [])].flatMap(({ cel }) => (cel === undefined ? [] : [compileSelector(cel.expression)]));
  return offered.filter((device) => isTolerated(device, request) && selectors.every((selects) => selects(device)));
}

function isTolerated({ device: { taints = [] } }: OfferedDevice, { tolerations = [] }: Request): boolean {
  return taints.every((taint) => taint.effect === 'None' || tolerations.some(({ key, operator = 'Equal', value = '', effect }) =>
    (effect === undefined || effect === '' || effect === taint.effect) && (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) && (operator === 'Exists' || value === (taint.value ?? ''))));
}

/** Whether the devices chosen so far keep a constraint. */
function holds({ requests = [], matchAttribute, distinctAttribute }: resourcev1.DeviceConstraint, chosen: readonly { slot: Slot; device: OfferedDevice }[]): boolean {
  const concerned = chosen.filter(({ slot: { name } }) => requests.length === 0 || requests.includes(name) || requests.includes(name.split('/')[0] ?? ''));
  const attribute = matchAttribute ?? distinctAttribute;
  if (attribute === undefined) return true;
  const values = concerned.map(({ device }) => attributeText(device, attribute));
  if (values.includes(undefined)) return false;
  return matchAttribute === undefined ? new Set(values).size === values.length : new Set(values).size <= 1;
}

function attributeText({ driver, device }: OfferedDevice, qualified: string): string | undefined {
  const unqualified = qualified.startsWith(`${driver}/`) ? qualified.slice(driver.length + 1) : undefined;
  const attribute = device.attributes?.[qualified] ?? (unqualified === undefined ? undefined : device.attributes?.[unqualified]);
  return attribute === undefined ? undefined : JSON.stringify(attribute);
}
