import type { resourcev1 } from '@navarch/api';
import type { Lookup } from '../state/cluster-objects';
import { hasCapacity } from './capacity-request';
import type { DeviceLedger, Taken } from './device-ledger';
import { compileSelector } from './device-selector';
import { deviceTolerationCovers } from './device-taints';
import type { OfferedDevice } from './offered-devices';
import { shareIdOf } from './share-id';

/** As many devices can stand in one claim (upstream's AllocationResultsMaxSize). */
const mostDevices = 32;

export interface Allocator {
  readonly offered: readonly OfferedDevice[];
  /** Why those may not be all that there are. */
  readonly whyUnknown?: string | undefined;
  /** What of them is left; what is chosen is taken from it. */
  readonly ledger: DeviceLedger;
  readonly classes: Lookup<resourcev1.DeviceClass>;
  /** Asked for every device that is tried. @throws when the search has to end */
  readonly goOn?: (() => void) | undefined;
}

/** A device for a slot, and what was taken of it. */
interface Choice {
  readonly slot: Slot;
  readonly device: OfferedDevice;
  readonly taken: Taken;
}

type Request = resourcev1.ExactDeviceRequest | resourcev1.DeviceSubRequest;

/** One device that is still to be chosen. */
interface Slot {
  /** `request` or `request/subrequest`. */
  readonly name: string;
  readonly request: Request;
  readonly candidates: readonly OfferedDevice[];
}

/** What was chosen for a claim: the results in order, and the device of each. */
export interface ChosenDevices {
  readonly results: readonly resourcev1.DeviceRequestAllocationResult[];
  readonly devices: readonly OfferedDevice[];
}

/** Devices for all requests of a claim, or undefined. The first that suits goes first; what was chosen is given up again where it leads nowhere. */
export function allocateDevices(claim: resourcev1.ResourceClaim, allocator: Allocator): ChosenDevices | undefined {
  const { requests = [], constraints = [] } = claim.spec.devices ?? {};
  const chosen = allocateFrom(requests, [], constraints, { ...allocator, claim: `${claim.metadata.namespace ?? ''}/${claim.metadata.name ?? ''}` });
  return chosen && { devices: chosen.map(({ device }) => device), results: chosen.map((choice, ordinal) => result(choice, claim.metadata.uid ?? '', ordinal)) };
}

/** An allocator at work on a claim, of this name. */
interface ClaimAllocator extends Allocator {
  readonly claim: string;
}

/** Takes one alternative of each request, in the order of preference. @throws for a claim that cannot be understood, or answered now, whatever the node */
function allocateFrom(requests: readonly resourcev1.DeviceRequest[], slots: readonly Slot[], constraints: readonly resourcev1.DeviceConstraint[], allocator: ClaimAllocator): readonly Choice[] | undefined {
  const [next, ...others] = requests;
  if (slots.length > mostDevices) return undefined;
  if (next === undefined) return choose(slots, [], constraints, allocator);
  const alternatives: readonly { readonly name: string; readonly request: Request }[] = next.exactly !== undefined
    ? [{ name: next.name, request: next.exactly }]
    : (next.firstAvailable ?? []).map((request) => ({ name: `${next.name}/${request.name}`, request }));
  for (const { name, request } of alternatives) {
    const isAll = request.allocationMode === 'All';
    if (isAll && allocator.whyUnknown !== undefined) throw new Error(`claim ${allocator.claim}, request ${name}: asks for all devices, but ${allocator.whyUnknown}`);
    const wanted = suitable(request, allocator);
    const candidates = wanted.filter((device) => isTolerated(device, request));
    const count = isAll ? wanted.length : (request.count ?? 1);
    // All means all that there are, and at least one; none of them may be taken, or have a taint that is not tolerated.
    if (candidates.length < count || count === 0) continue;
    const found = allocateFrom(others, [...slots, ...Array.from({ length: count }, (): Slot => ({ name, request, candidates }))], constraints, allocator);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isAdmin = (request: Request): boolean => 'adminAccess' in request && (request.adminAccess ?? false);

function choose(slots: readonly Slot[], chosen: readonly Choice[], constraints: readonly resourcev1.DeviceConstraint[], allocator: Allocator): readonly Choice[] | undefined {
  const slot = slots[chosen.length];
  if (slot === undefined) return chosen;
  for (const device of slot.candidates) {
    allocator.goOn?.();
    // A claim gets more of a device that may be shared by another of its requests only, as the same share would be the same device twice. Nor does it look at one twice.
    if (chosen.some((other) => other.device.id === device.id && (device.device.allowMultipleAllocations !== true || isAdmin(slot.request) || other.slot.name === slot.name))) continue;
    const taken = isAdmin(slot.request) ? nothingTaken : allocator.ledger.take(device, slot.request.capacity?.requests);
    if (taken === undefined) continue;
    const with_ = [...chosen, { slot, device, taken }];
    const found = constraints.every((constraint) => holds(constraint, with_)) ? choose(slots, with_, constraints, allocator) : undefined;
    if (found !== undefined) return found;
    taken.giveBack();
  }
  return undefined;
}

const nothingTaken: Taken = { giveBack: () => undefined };

function result({ slot: { name: request, request: asked }, device: { driver, pool, device }, taken: { consumed } }: Choice, claimUid: string, ordinal: number): resourcev1.DeviceRequestAllocationResult {
  const { bindingConditions, bindingFailureConditions } = device;
  return {
    request, driver, pool, device: device.name,
    ...(isAdmin(asked) ? { adminAccess: true } : {}), ...(asked.tolerations === undefined ? {} : { tolerations: asked.tolerations }),
    ...(consumed === undefined ? {} : { consumedCapacity: { ...consumed }, shareID: shareIdOf(claimUid, request, device.name, ordinal) }),
    ...(bindingConditions === undefined ? {} : { bindingConditions }), ...(bindingFailureConditions === undefined ? {} : { bindingFailureConditions }),
  };
}

/** Those that are what is asked for, tainted or not. */
function suitable(request: Request, { offered, classes, claim }: ClaimAllocator): OfferedDevice[] {
  const deviceClass = classes.get({ namespace: '', name: request.deviceClassName });
  if (deviceClass === undefined) return [];
  const selectors = [...selectorsOf(`class ${request.deviceClassName}`, deviceClass.spec.selectors), ...selectorsOf(`claim ${claim}`, request.selectors)];
  return offered.filter((device) => hasCapacity(device.device, request.capacity?.requests) && selectors.every((selects) => selects(device)));
}

/** Selectors that say whose they are when they fail. */
function selectorsOf(owner: string, selectors: readonly resourcev1.DeviceSelector[] = []): ((device: OfferedDevice) => boolean)[] {
  return selectors.flatMap(({ cel }, index) => {
    if (cel === undefined) return [];
    const selects = compileSelector(cel.expression);
    return (device: OfferedDevice) => {
      try {
        return selects(device);
      } catch (error) {
        throw new Error(`${owner}: selector #${index}: CEL runtime error: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    };
  });
}

function isTolerated({ device: { taints = [] } }: OfferedDevice, { tolerations = [] }: Request): boolean {
  return taints.every((taint) => taint.effect === 'None' || tolerations.some((toleration) => deviceTolerationCovers(toleration, taint)));
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
