import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsLabel, dnsSubdomain, type Findings, immutable, present, qualifiedName } from '../validation/rules';
import { validateSlice } from './slice-validation';

type Claim = Loose<resourcev1.ResourceClaim>;
type Spec = Loose<resourcev1.ResourceClaimSpec>;
type ExactRequest = Loose<resourcev1.ExactDeviceRequest>;

const specPath = FieldPath.of('spec');
const maxRequests = 32;
const maxAlternatives = 8;
const maxSelectors = 32;
const maxReservations = 256;

function atMost(items: readonly unknown[], limit: number, path: FieldPath, found: Findings): boolean {
  if (items.length <= limit) return true;
  found.push(fieldErrors.tooMany(path, items.length, limit));
  return false;
}

function validateSelectors(selectors: readonly Loose<resourcev1.DeviceSelector>[] | undefined, path: FieldPath, found: Findings): void {
  const all = list(selectors);
  if (!atMost(all, maxSelectors, path, found)) return;
  all.forEach(({ cel }, i) => {
    const at = path.index(i).child('cel');
    if (!cel) found.push(fieldErrors.required(at));
    else present(cel.expression, at.child('expression'), found);
  });
}

function validateAmount({ allocationMode, count }: ExactRequest, path: FieldPath, found: Findings): void {
  if (allocationMode === 'All') {
    if (count) found.push(fieldErrors.invalid(path.child('count'), count, 'must not be specified when allocationMode is \'All\''));
  } else if (allocationMode === undefined || allocationMode === 'ExactCount') {
    if ((count ?? 1) <= 0) found.push(fieldErrors.invalid(path.child('count'), count ?? 0, 'must be greater than zero'));
  } else found.push(fieldErrors.notSupported(path.child('allocationMode'), allocationMode, ['All', 'ExactCount']));
}

function validateExact(request: ExactRequest, path: FieldPath, found: Findings): void {
  if (present(request.deviceClassName, path.child('deviceClassName'), found)) dnsSubdomain(request.deviceClassName, path.child('deviceClassName'), found);
  validateSelectors(request.selectors, path.child('selectors'), found);
  validateAmount(request, path, found);
}

function validateRequest(request: Loose<resourcev1.DeviceRequest>, path: FieldPath, found: Findings): void {
  const { name, exactly, firstAvailable } = request;
  if (present(name, path.child('name'), found)) dnsLabel(name, path.child('name'), found);
  const alternatives = list(firstAvailable);
  if (exactly && alternatives.length > 0) found.push(fieldErrors.invalid(path, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'));
  else if (exactly) validateExact(exactly, path.child('exactly'), found);
  else if (alternatives.length === 0) found.push(fieldErrors.required(path, 'exactly one of `exactly` or `firstAvailable` is required'));
  else if (atMost(alternatives, maxAlternatives, path.child('firstAvailable'), found)) {
    const names = new Set<string>();
    alternatives.forEach((alternative, i) => {
      const at = path.child('firstAvailable').index(i);
      const own = alternative.name ?? '';
      if (present(own, at.child('name'), found)) dnsLabel(own, at.child('name'), found);
      if (names.has(own)) found.push(fieldErrors.duplicate(at.child('name'), own));
      names.add(own);
      validateExact(alternative, at, found);
    });
  }
}

/** Requests by name; an alternative as `request/alternative`. */
function requestNames({ devices }: Spec): Set<string> {
  return new Set(list(devices?.requests).flatMap(({ name = '', firstAvailable }) => [name, ...list(firstAvailable).map((one) => `${name}/${one.name ?? ''}`)]));
}

function validateNamed(requests: readonly string[] | undefined, known: ReadonlySet<string>, path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  list(requests).forEach((name, i) => {
    if (seen.has(name)) found.push(fieldErrors.duplicate(path.index(i), name));
    seen.add(name);
    if (!known.has(name)) found.push(fieldErrors.invalid(path.index(i), name, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"));
  });
}

function validateOpaque(opaque: Loose<resourcev1.OpaqueDeviceConfiguration> | undefined, path: FieldPath, found: Findings): void {
  if (!opaque) {
    found.push(fieldErrors.required(path.child('opaque')));
    return;
  }
  const at = path.child('opaque');
  if (present(opaque.driver, at.child('driver'), found)) dnsSubdomain(opaque.driver, at.child('driver'), found);
  if (opaque.parameters === undefined) found.push(fieldErrors.required(at.child('parameters')));
}

/** The rules of what a claim asks for, alone or in a template. */
function validateClaimSpec(spec: Spec, path: FieldPath, found: Findings): void {
  const { devices = {} } = spec;
  const at = path.child('devices');
  const names = new Set<string>();
  const requests = list(devices.requests);
  if (atMost(requests, maxRequests, at.child('requests'), found))
    requests.forEach((request, i) => {
      const name = request.name ?? '';
      if (names.has(name)) found.push(fieldErrors.duplicate(at.child('requests').index(i), name));
      names.add(name);
      validateRequest(request, at.child('requests').index(i), found);
    });
  const known = requestNames(spec);
  list(devices.constraints).forEach(({ requests: on, matchAttribute, distinctAttribute }, i) => {
    const one = at.child('constraints').index(i);
    validateNamed(on, known, one.child('requests'), found);
    if (matchAttribute !== undefined) qualifiedName(matchAttribute, one.child('matchAttribute'), found);
    else if (distinctAttribute !== undefined) qualifiedName(distinctAttribute, one.child('distinctAttribute'), found);
    else found.push(fieldErrors.required(one, 'exactly one of `matchAttribute` or `distinctAttribute` is required'));
  });
  list(devices.config).forEach(({ requests: on, opaque }, i) => {
    const one = at.child('config').index(i);
    validateNamed(on, known, one.child('requests'), found);
    validateOpaque(opaque, one, found);
  });
}

function claimStatus(claim: Claim, old: Claim): Findings {
  const found: Findings = [];
  const path = FieldPath.of('status');
  const { allocation, reservedFor } = claim.status ?? {};
  const holders = list(reservedFor);
  if (atMost(holders, maxReservations, path.child('reservedFor'), found))
    holders.forEach((holder, i) => {
      const at = path.child('reservedFor').index(i);
      for (const field of ['resource', 'name', 'uid'] as const) present(holder[field], at.child(field), found);
      if (holders.findIndex(({ uid }) => uid === holder.uid) !== i) found.push(fieldErrors.duplicate(at.child('uid'), holder.uid ?? ''));
    });
  if (holders.length > 0 && !allocation) found.push(fieldErrors.forbidden(path.child('reservedFor'), 'may not be specified when `allocated` is not set'));
  if (claim.metadata?.deletionTimestamp !== undefined && list(old.status?.reservedFor).length < holders.length)
    found.push(fieldErrors.forbidden(path.child('reservedFor'), 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'));
  const known = requestNames(claim.spec ?? {});
  list(allocation?.devices?.results).forEach(({ request = '', driver, pool, device }, i) => {
    const at = path.child('allocation', 'devices', 'results').index(i);
    if (!known.has(request)) found.push(fieldErrors.invalid(at.child('request'), request, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"));
    if (present(driver, at.child('driver'), found)) dnsSubdomain(driver, at.child('driver'), found);
    present(pool, at.child('pool'), found);
    if (present(device, at.child('device'), found)) dnsLabel(device, at.child('device'), found);
  });
  if (old.status?.allocation && allocation && !semanticEqual(allocation, old.status.allocation)) immutable(allocation, old.status.allocation, path.child('allocation'), found);
  return found;
}

const specStays = (object: Loose<{ spec: object }>, old: Loose<{ spec: object }>): Findings => {
  const found: Findings = [];
  immutable(object.spec, old.spec, specPath, found);
  return found;
};

/** By `<group>/<kind>`. */
export const resourceValidation: Readonly<Record<string, ContentRules>> = {
  'resource.k8s.io/DeviceClass': contentRules<Loose<resourcev1.DeviceClass>>({
    content({ spec = {} }) {
      const found: Findings = [];
      validateSelectors(spec.selectors, specPath.child('selectors'), found);
      list(spec.config).forEach(({ opaque }, i) => validateOpaque(opaque, specPath.child('config').index(i), found));
      if (spec.extendedResourceName !== undefined) qualifiedName(spec.extendedResourceName, specPath.child('extendedResourceName'), found);
      return found;
    },
  }),
  'resource.k8s.io/ResourceClaim': contentRules<Claim>({
    content({ spec = {} }) {
      const found: Findings = [];
      validateClaimSpec(spec, specPath, found);
      return found;
    },
    change: specStays,
    status: claimStatus,
  }),
  'resource.k8s.io/ResourceClaimTemplate': contentRules<Loose<resourcev1.ResourceClaimTemplate>>({
    content({ spec = {} }) {
      const found: Findings = [];
      validateClaimSpec(spec.spec ?? {}, specPath.child('spec'), found);
      return found;
    },
    change: specStays,
  }),
  'resource.k8s.io/ResourceSlice': contentRules<Loose<resourcev1.ResourceSlice>>({
    content({ spec = {} }) {
      const found: Findings = [];
      validateSlice(spec, specPath, found);
      return found;
    },
    change({ spec }, { spec: old }) {
      const found: Findings = [];
      for (const field of ['driver', 'nodeName'] as const) immutable(spec?.[field], old?.[field], specPath.child(field), found);
      immutable(spec?.pool?.name, old?.pool?.name, specPath.child('pool', 'name'), found);
      return found;
    },
  }),
};
