import { compareQuantities, fieldErrors, type FieldPath, formatQuantity, rangeMessage, validateLabels } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { readQuantity } from '../../../support/quantity';
import { type Gates } from '../../../validation/kind-validation';
import { choice, dnsLabel, dnsSubdomain, type Findings, present, qualifiedName, refuse, supported, wholeObject } from '../../../validation/rules';
import { aggregateContainers } from '../pod-level-resources';
import { validateAffinity } from './affinity';
import { type PodParts, validateContainers, validateEphemeralContainers, validateInitContainers } from './containers';
import { validateDns, validateHostAliases } from './dns';
import { validateFileVolumes } from './environment';
import { validateHostNames } from './host-names';
import { isHugePage, isWholePages, validateResources } from './resources';
import { mayCompare, validateSchedulingGates, validateSpreadConstraints, validateTolerations } from './scheduling';
import { validatePodSecurity } from './security';
import { validateVolumes } from './volumes';
import { containersOf, validateHostProcess, validateOs } from './windows';

type Spec = Loose<corev1.PodSpec>;

export const restartPolicies = ['Always', 'OnFailure', 'Never'];
const maxDeadline = 2147483647;

function validateResourceClaims(claims: readonly Loose<corev1.PodResourceClaim>[] | undefined, isMirror: boolean, path: FieldPath, found: Findings): Set<string> {
  const names = new Set<string>();
  list(claims).forEach(({ name = '', resourceClaimName, resourceClaimTemplateName }, i) => {
    const at = path.index(i);
    if (isMirror) {
      found.push(fieldErrors.forbidden(wholeObject, 'static pods do not support resource claims'));
      names.add(name);
      return;
    }
    if (present(name, at.child('name'), found)) {
      if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
      dnsLabel(name, at.child('name'), found);
      names.add(name);
    }
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      found.push(fieldErrors.invalid(at, '', 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      found.push(fieldErrors.invalid(at, '', 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    if (resourceClaimName !== undefined) dnsSubdomain(resourceClaimName, at.child('resourceClaimName'), found);
    if (resourceClaimTemplateName !== undefined) dnsSubdomain(resourceClaimTemplateName, at.child('resourceClaimTemplateName'), found);
  });
  return names;
}

function validateNames(spec: Spec, path: FieldPath, found: Findings): void {
  const { serviceAccountName, nodeName, priorityClassName, runtimeClassName } = spec;
  if (serviceAccountName) dnsSubdomain(serviceAccountName, path.child('serviceAccountName'), found);
  if (nodeName) dnsSubdomain(nodeName, path.child('nodeName'), found);
  validateHostNames(spec, path, found);
  if (priorityClassName) dnsSubdomain(priorityClassName, path.child('priorityClassName'), found);
  if (runtimeClassName !== undefined) dnsSubdomain(runtimeClassName, path.child('runtimeClassName'), found);
}

/** What the pod has must be enough for what its containers ask for together, and for what each may use. */
function validateShares({ containers, initContainers, resources }: Spec, path: FieldPath, found: Findings): void {
  for (const [name, sum] of aggregateContainers({ containers, initContainers }, 'requests')) {
    const own = readQuantity(resources?.requests?.[name]);
    if (own !== undefined && compareQuantities(sum, own) > 0)
      found.push(fieldErrors.invalid(path.child('requests').key(name), formatQuantity(own), `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`));
  }
  // Huge pages cannot be promised more often than they are there.
  for (const [name, sum] of aggregateContainers({ containers, initContainers }, 'limits')) {
    const own = readQuantity(resources?.limits?.[name]);
    if (isHugePage(name) && own !== undefined && compareQuantities(sum, own) > 0)
      found.push(fieldErrors.invalid(path.child('limits').key(name), formatQuantity(own), `must be greater than or equal to aggregate container limits of ${formatQuantity(sum)}`));
  }
  list(containers).forEach((container, i) => {
    for (const [name, text] of entries(container.resources?.limits)) {
      const [limit, own] = [readQuantity(text), readQuantity(resources?.limits?.[name])];
      if (limit !== undefined && own !== undefined && compareQuantities(limit, own) > 0)
        found.push(fieldErrors.invalid(path.child('containers').index(i).key(name).child('limits'), formatQuantity(limit), `must be less than or equal to pod limits of ${formatQuantity(own)}`));
    }
  });
}

/** What a pod as a whole may use; only a few resources are shared that way. */
function validatePodResources(spec: Spec, pod: PodParts, path: FieldPath, found: Findings): void {
  const { resources } = spec;
  if (!resources) return;
  if (pod.os === 'windows') {
    found.push(fieldErrors.forbidden(path, 'may not be set for a windows pod'));
    return;
  }
  if (resources.claims !== undefined) found.push(fieldErrors.forbidden(path.child('claims'), 'claims may not be set for Resources at pod-level'));
  validateResources(resources, path, found, { ...pod, ofPod: true });
  validateShares(spec, path, found);
}

/** Whether a pod of before asks for a part of a huge page: the rule is younger than some of them. */
function hasPartialPages(spec: Spec | undefined): boolean {
  return [...list(spec?.containers), ...list(spec?.initContainers)].some(({ resources }) => [...entries(resources?.limits), ...entries(resources?.requests)].some(([name, text]) => {
    const quantity = isHugePage(name) ? readQuantity(text) : undefined;
    return quantity !== undefined && !isWholePages(name, quantity);
  }));
}

/** Which group of pods it is placed with. */
function validateSchedulingGroup({ schedulingGroup }: Spec, path: FieldPath, found: Findings): void {
  if (!schedulingGroup) return;
  const { podGroupName } = schedulingGroup;
  if (podGroupName === undefined) found.push(fieldErrors.invalid(path, '', 'must specify one of: `podGroupName`'));
  else dnsSubdomain(podGroupName, path.child('podGroupName'), found);
}

/** Where a spec stands. */
export interface SpecPlace {
  /** Not a template: some rules came later than the templates that break them. */
  readonly isPod?: boolean;
  /** A pod that its node runs by itself. */
  readonly isMirror?: boolean;
  /** The pod's, for what is named after it. */
  readonly podName?: string;
  /** The spec that it replaces: what rules came later than may stay as it is. */
  readonly before?: Spec | undefined;
  readonly gates?: Gates;
}

/** The rules of a pod's spec, alone or in a template. */
export function validatePodSpec(spec: Spec, path: FieldPath, found: Findings, { isPod = false, isMirror = false, podName = '', before, gates = {} }: SpecPlace = {}): void {
  const volumes = validateVolumes(spec.volumes, podName, path.child('volumes'), found);
  const claimNames = validateResourceClaims(spec.resourceClaims, isMirror, path.child('resourceClaims'), found);
  const pod: PodParts = {
    volumes, claimNames, graceSeconds: spec.terminationGracePeriodSeconds ?? 0, os: spec.os?.name ?? '', hostUsers: spec.hostUsers !== false, isPod,
    restartPolicy: spec.restartPolicy ?? '', partialPages: hasPartialPages(before),
  };
  const names = validateContainers(spec.containers, pod, path.child('containers'), found);
  const targets = new Set(names);
  validateInitContainers(spec.initContainers, names, pod, path.child('initContainers'), found);
  validateEphemeralContainers(spec.ephemeralContainers, names, targets, pod, path.child('ephemeralContainers'), found);
  validatePodResources(spec, pod, path.child('resources'), found);
  choice(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), found);
  validateDns(spec, before, path, found);
  found.push(...validateLabels(spec.nodeSelector as Record<string, string> | undefined, path.child('nodeSelector')));
  validatePodSecurity(spec, isPod, path, found);
  validateAffinity(spec.affinity, before?.affinity, path.child('affinity'), found);
  list(spec.readinessGates).forEach(({ conditionType = '' }, i) => qualifiedName(conditionType, path.child('readinessGates').index(i).child('conditionType'), found));
  validateSchedulingGates(spec.schedulingGates, path.child('schedulingGates'), found);
  validateSpreadConstraints(spec.topologySpreadConstraints, before?.topologySpreadConstraints, path.child('topologySpreadConstraints'), found);
  validateHostProcess(spec, path, found);
  validateNames(spec, path, found);
  validateTolerations(spec.tolerations, mayCompare(before?.tolerations, gates), path.child('tolerations'), found);
  validateHostAliases(spec.hostAliases, before?.hostAliases, path.child('hostAliases'), found);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxDeadline)) refuse([rangeMessage(1, maxDeadline)], deadline, path.child('activeDeadlineSeconds'), found);
  supported(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], path.child('preemptionPolicy'), found);
  if (spec.overhead) validateResources({ limits: spec.overhead }, path.child('overhead'), found, { partialPages: pod.partialPages });
  validateOs(spec, path, found);
  validateSchedulingGroup(spec, path.child('schedulingGroup'), found);
  for (const [{ env }, at] of containersOf(spec, path)) validateFileVolumes(spec.volumes, env, at.child('env'), found);
}
