import { compareStrings, dnsSubdomainMaxLength, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { type FormerTexts, validCidr } from '../../validation/ip';
import { cidrWarnings } from '../../validation/ip-warnings';
import { contentRules } from '../../validation/kind-validation';
import { type Findings, labelValue, present, qualifiedName, supported, withDetail } from '../../validation/rules';
import { resourceAmount } from '../pod/validation/resources';
import { taintEffects } from '../pod/validation/scheduling';

type Node = Loose<corev1.Node>;

const specPath = FieldPath.of('spec');

function validateTaints(taints: readonly Loose<corev1.Taint>[] | undefined, found: Findings): void {
  const seen = new Set<string>();
  list(taints).forEach((taint, i) => {
    // Upstream looks for them there.
    const at = FieldPath.of('metadata', 'taints').index(i);
    const { key = '', value = '', effect } = taint;
    qualifiedName(key, at.child('key'), found);
    labelValue(value, at.child('value'), found);
    if (present(effect, at.child('effect'), found)) supported(effect, taintEffects, at.child('effect'), found);
    const identity = `${key}:${effect ?? ''}`;
    if (seen.has(identity)) found.push(withDetail(fieldErrors.duplicate(at, taint), 'taints must be unique by key and effect pair'));
    seen.add(identity);
  });
}

function validateCidrs({ podCIDRs }: Loose<corev1.NodeSpec>, before: FormerTexts, found: Findings): void {
  const cidrs = list(podCIDRs);
  const path = specPath.child('podCIDRs');
  const families = new Set(cidrs.map((cidr, i) => validCidr(cidr, path.index(i), found, before)?.ip.family));
  if (cidrs.length > 2 || (cidrs.length === 2 && families.size !== 2))
    found.push(fieldErrors.invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'));
}

function validateAmounts(status: Loose<corev1.NodeStatus> | undefined, found: Findings): void {
  for (const field of ['capacity', 'allocatable'] as const)
    for (const [name, text] of entries(status?.[field])) {
      resourceAmount(name, text, FieldPath.of('status', field, name), found);
    }
}

const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function featureNameFault(name: string): string | undefined {
  const start = `invalid feature name ${JSON.stringify(name)}:`;
  if (name.length > dnsSubdomainMaxLength) return `${start} must be no more than ${dnsSubdomainMaxLength} characters`;
  if (featureName.test(name)) return undefined;
  return `${start} must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
}

/** What the node's kubelet says that it can do, sorted. */
function validateDeclaredFeatures({ status }: Node, found: Findings): void {
  const path = FieldPath.of('status', 'declaredFeatures');
  list(status?.declaredFeatures).forEach((name, i, all) => {
    const fault = featureNameFault(name);
    if (fault !== undefined) found.push(fieldErrors.invalid(path.index(i), name, fault));
    const next = all[i + 1];
    if (next === undefined) return;
    if (next === name) found.push(fieldErrors.duplicate(path.index(i + 1), next));
    else if (compareStrings(name, next) > 0) found.push(fieldErrors.invalid(path.index(i + 1), next, 'list must be sorted alphabetically'));
  });
}

/** Of a node's spec only its taints and whether it takes pods may change; what is filled in later, once. */
function change({ spec = {} }: Node, { spec: old = {} }: Node): Findings {
  const found: Findings = [];
  if (list(old.podCIDRs).length > 0 && !semanticEqual(spec.podCIDRs, old.podCIDRs))
    found.push(fieldErrors.forbidden(specPath.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  if (old.providerID && spec.providerID !== old.providerID)
    found.push(fieldErrors.forbidden(specPath.child('providerID'), 'node updates may not change providerID except from "" to valid'));
  if ((spec.externalID ?? '') !== (old.externalID ?? '')) found.push(fieldErrors.forbidden(specPath.child('externalID'), 'may not be updated'));
  return found;
}

function validateAddresses({ status }: Node, found: Findings): void {
  const seen = new Set<string>();
  list(status?.addresses).forEach((address, i) => {
    const key = `${address.type ?? ''}/${address.address ?? ''}`;
    if (seen.has(key)) found.push(fieldErrors.duplicate(FieldPath.of('status', 'addresses').index(i), address));
    seen.add(key);
  });
}

function warnings({ spec = {} }: Node): string[] {
  const found: string[] = [];
  if (spec.configSource) found.push('spec.configSource: the feature is removed');
  if (spec.externalID) found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return [...found, ...list(spec.podCIDRs).flatMap((cidr, i) => cidrWarnings(cidr, specPath.child('podCIDRs').index(i)))];
}

export const nodeValidation = contentRules<Node>({
  warnings,
  content(node, old) {
    const found: Findings = [];
    validateTaints(node.spec?.taints, found);
    validateAmounts(node.status, found);
    validateDeclaredFeatures(node, found);
    validateCidrs(node.spec ?? {}, new Set(list(old?.spec?.podCIDRs)), found);
    return found;
  },
  change,
  status(node) {
    const found: Findings = [];
    validateAmounts(node.status, found);
    validateDeclaredFeatures(node, found);
    validateAddresses(node, found);
    return found;
  },
});
