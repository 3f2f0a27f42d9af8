import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { resourcev1, resourcev1alpha3 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { validateConditions } from '../validation/conditions';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { choice, dnsLabel, dnsSubdomain, type Findings, immutable, present } from '../validation/rules';
import { validateTemplateObjectMeta } from '../validation/template-meta';
import { isExtendedResource } from '../core/pod/validation/resources';
import { validateNodeSelector } from '../core/pod/validation/node-selector';
import { atMost, eachOnce, validateDriver, validateFullyQualified, validatePoolName } from './device-names';
import { validateDeviceStatuses } from './device-status-validation';
import { validateRaw } from './driver-data';
import { poolStatusRequestValidation } from './pool-status-validation';
import { validateShareId } from './share-id';
import { validateSlice } from './slice-validation';
import { validateBindingConditions, validateDeviceTaint, validateDeviceTolerations } from './taint-validation';

type Claim = Loose<resourcev1.ResourceClaim>;
type Spec = Loose<resourcev1.ResourceClaimSpec>;
type ExactRequest = Loose<resourcev1.ExactDeviceRequest>;

const specPath = FieldPath.of('spec');
const maxRequests = 32;
const maxAlternatives = 8;
const maxSelectors = 32;
const maxReservations = 256;
const maxConstraints = 32;
const maxConfigs = 32;
const maxResults = 32;
const maxExpression = 10 * 1024;
const maxParameters = 10 * 1024;
const maxRuleConditions = 8;

function validateSelectors(selectors: readonly Loose<resourcev1.DeviceSelector>[] | undefined, path: FieldPath, found: Findings, stored = false): void {
  const all = list(selectors);
  if (!atMost(all, maxSelectors, path, found)) return;
  all.forEach(({ cel }, i) => {
    const at = path.index(i).child('cel');
    if (!cel) found.push(fieldErrors.required(at));
    // What is stored was an expression when it was stored.
    else if (stored) return;
    // Whether it is an expression is checked where expressions are known.
    else if ((cel.expression ?? '').length > maxExpression) found.push(fieldErrors.tooLong(at.child('expression'), maxExpression));
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
  validateDeviceTolerations(request.tolerations, path.child('tolerations'), found);
}

function validateRequest(request: Loose<resourcev1.DeviceRequest>, path: FieldPath, found: Findings): void {
  const { name, exactly, firstAvailable } = request;
  dnsLabel(name ?? '', path.child('name'), found);
  const alternatives = list(firstAvailable);
  if (exactly && alternatives.length > 0) found.push(fieldErrors.invalid(path, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'));
  else if (exactly) validateExact(exactly, path.child('exactly'), found);
  else if (alternatives.length === 0) found.push(fieldErrors.required(path, 'exactly one of `exactly` or `firstAvailable` is required'));
  else if (atMost(alternatives, maxAlternatives, path.child('firstAvailable'), found)) {
    alternatives.forEach((alternative, i) => {
      const at = path.child('firstAvailable').index(i);
      dnsLabel(alternative.name ?? '', at.child('name'), found);
      validateExact(alternative, at, found);
    });
    eachOnce(alternatives, ({ name: own = '' }) => own, path.child('firstAvailable'), found);
  }
}

/** Requests by name; an alternative as `request/alternative`. */
function requestNames({ devices }: Spec): Set<string> {
  return new Set(list(devices?.requests).flatMap(({ name = '', firstAvailable }) => [name, ...list(firstAvailable).map((one) => `${name}/${one.name ?? ''}`)]));
}

const notRequested = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

function validateReference(name: string, known: ReadonlySet<string>, path: FieldPath, found: Findings): void {
  const segments = name.split('/');
  if (segments.length <= 2) for (const segment of segments) dnsLabel(segment, path, found);
  if (!known.has(name)) found.push(fieldErrors.invalid(path, name, notRequested));
}

function validateNamed(requests: readonly string[] | undefined, known: ReadonlySet<string>, path: FieldPath, found: Findings): void {
  const names = list(requests);
  if (!atMost(names, maxRequests, path, found)) return;
  names.forEach((name, i) => validateReference(name, known, path.index(i), found));
  eachOnce(names, (name) => name, path, found);
}

function validateOpaque(opaque: Loose<resourcev1.OpaqueDeviceConfiguration> | undefined, path: FieldPath, found: Findings, stored = false): void {
  if (!opaque) {
    found.push(fieldErrors.required(path.child('opaque')));
    return;
  }
  const at = path.child('opaque');
  validateDriver(opaque.driver, at.child('driver'), found);
  validateRaw(opaque.parameters, maxParameters, at.child('parameters'), found, stored);
}

/** The rules of what a claim asks for, alone or in a template. */
function validateClaimSpec(spec: Spec, path: FieldPath, found: Findings): void {
  const { devices = {} } = spec;
  const at = path.child('devices');
  const requests = list(devices.requests);
  if (atMost(requests, maxRequests, at.child('requests'), found)) {
    requests.forEach((request, i) => validateRequest(request, at.child('requests').index(i), found));
    eachOnce(requests, ({ name = '' }) => name, at.child('requests'), found);
  }
  const known = requestNames(spec);
  const constraints = list(devices.constraints);
  if (atMost(constraints, maxConstraints, at.child('constraints'), found)) constraints.forEach(({ requests: on, matchAttribute, distinctAttribute }, i) => {
    const one = at.child('constraints').index(i);
    validateNamed(on, known, one.child('requests'), found);
    if (matchAttribute !== undefined) validateFullyQualified(matchAttribute, one.child('matchAttribute'), found);
    else if (distinctAttribute !== undefined) validateFullyQualified(distinctAttribute, one.child('distinctAttribute'), found);
    else found.push(fieldErrors.required(one, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'));
  });
  const configs = list(devices.config);
  if (atMost(configs, maxConfigs, at.child('config'), found)) configs.forEach(({ requests: on, opaque }, i) => {
    const one = at.child('config').index(i);
    validateNamed(on, known, one.child('requests'), found);
    validateOpaque(opaque, one, found);
  });
}

function validateAllocation({ devices = {}, nodeSelector }: Loose<resourcev1.AllocationResult>, known: ReadonlySet<string>, path: FieldPath, found: Findings): void {
  const results = list(devices.results);
  const resultsPath = path.child('devices', 'results');
  if (atMost(results, maxResults, resultsPath, found))
    results.forEach((result, i) => {
      const at = resultsPath.index(i);
      validateReference(result.request ?? '', known, at.child('request'), found);
      validateDriver(result.driver, at.child('driver'), found);
      validatePoolName(result.pool, at.child('pool'), found);
      dnsLabel(result.device ?? '', at.child('device'), found);
      validateBindingConditions(result, at, found);
      validateDeviceTolerations(result.tolerations, at.child('tolerations'), found);
      if (result.shareID !== undefined) validateShareId(result.shareID, at.child('shareID'), found);
    });
  const configs = list(devices.config);
  const configPath = path.child('devices', 'config');
  // Of the class and of the claim.
  if (atMost(configs, 2 * maxConfigs, configPath, found))
    configs.forEach(({ source, requests, opaque }, i) => {
      choice(source, ['FromClaim', 'FromClass'], configPath.index(i).child('source'), found);
      validateNamed(requests, known, configPath.index(i).child('requests'), found);
      validateOpaque(opaque, configPath.index(i), found);
    });
  if (nodeSelector) validateNodeSelector(nodeSelector, path.child('nodeSelector'), found);
}

function claimStatus(claim: Claim, old: Claim): Findings {
  const found: Findings = [];
  const path = FieldPath.of('status');
  const { allocation, reservedFor } = claim.status ?? {};
  const holders = list(reservedFor);
  if (atMost(holders, maxReservations, path.child('reservedFor'), found)) {
    holders.forEach((holder, i) => {
      for (const field of ['resource', 'name', 'uid'] as const) present(holder[field], path.child('reservedFor').index(i).child(field), found);
    });
    eachOnce(holders, ({ uid = '' }) => uid, path.child('reservedFor'), found);
  }
  validateDeviceStatuses(claim, path.child('devices'), found);
  if (holders.length > 0 && !allocation) found.push(fieldErrors.forbidden(path.child('reservedFor'), 'may not be specified when `allocated` is not set'));
  else if (claim.metadata?.deletionTimestamp !== undefined && holders.some((holder) => !list(old.status?.reservedFor).some((before) => semanticEqual(before, holder))))
    found.push(fieldErrors.forbidden(path.child('reservedFor'), 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'));
  // What was allocated was checked then, by the rules of then.
  if (old.status?.allocation && allocation) immutable(allocation, old.status.allocation, path.child('allocation'), found);
  else if (allocation) validateAllocation(allocation, requestNames(claim.spec ?? {}), path.child('allocation'), found);
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
    content({ spec = {} }, old) {
      const found: Findings = [];
      const stays = (field: 'selectors' | 'config'): boolean => old !== undefined && semanticEqual(spec[field], old.spec?.[field]);
      validateSelectors(spec.selectors, specPath.child('selectors'), found, stays('selectors'));
      const configs = list(spec.config);
      if (atMost(configs, maxConfigs, specPath.child('config'), found)) configs.forEach(({ opaque }, i) => validateOpaque(opaque, specPath.child('config').index(i), found, stays('config')));
      const name = spec.extendedResourceName;
      if (name !== undefined && !isExtendedResource(name)) found.push(fieldErrors.invalid(specPath.child('extendedResourceName'), name, 'must be a valid extended resource name'));
      return found;
    },
  }),
  'resource.k8s.io/ResourceClaim': contentRules<Claim>({
    // An update is only told that the spec stays.
    content({ spec = {} }, old) {
      const found: Findings = [];
      if (old === undefined) validateClaimSpec(spec, specPath, found);
      return found;
    },
    change: specStays,
    status: claimStatus,
  }),
  'resource.k8s.io/ResourceClaimTemplate': contentRules<Loose<resourcev1.ResourceClaimTemplate>>({
    content({ spec = {} }) {
      const found: Findings = [];
      validateTemplateObjectMeta(spec.metadata, specPath.child('metadata'), found);
      validateClaimSpec(spec.spec ?? {}, specPath.child('spec'), found);
      return found;
    },
    change: specStays,
  }),
  'resource.k8s.io/DeviceTaintRule': contentRules<Loose<resourcev1alpha3.DeviceTaintRule>>({
    content({ spec = {} }, old) {
      const found: Findings = [];
      const { driver, pool, device } = spec.deviceSelector ?? {};
      const path = specPath.child('deviceSelector');
      if (driver !== undefined) validateDriver(driver, path.child('driver'), found);
      if (pool !== undefined) validatePoolName(pool, path.child('pool'), found);
      if (device !== undefined) dnsLabel(device, path.child('device'), found);
      validateDeviceTaint(spec.taint ?? {}, specPath.child('taint'), found, old?.spec?.taint?.effect);
      return found;
    },
    status({ status = {} }) {
      const found: Findings = [];
      const at = FieldPath.of('status', 'conditions');
      const conditions = list(status.conditions);
      validateConditions(conditions, at, found);
      if (conditions.length > maxRuleConditions) found.push(fieldErrors.tooMany(at, conditions.length, maxRuleConditions));
      return found;
    },
  }),
  'resource.k8s.io/ResourcePoolStatusRequest': poolStatusRequestValidation,
  'resource.k8s.io/ResourceSlice': contentRules<Loose<resourcev1.ResourceSlice>>({
    warnings: ({ spec: { driver = '' } = {} }) =>
      driver === driver.toLowerCase() ? [] : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`],
    content({ spec = {} }, old) {
      const found: Findings = [];
      validateSlice(spec, old?.spec, specPath, found);
      return found;
    },
  }),
};
