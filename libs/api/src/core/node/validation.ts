import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { semanticEqual } from '../../support/semantic-equal';
import { validCidr } from '../../validation/ip';
import { cidrWarnings } from '../../validation/ip-warnings';
import { contentRules } from '../../validation/kind-validation';
import { type Findings, labelValue, present, qualifiedName, supported } from '../../validation/rules';
import { resourceAmount } from '../pod/validation/resources';
import { taintEffects } from '../pod/validation/scheduling';

type Node = Loose<corev1.Node>;

const specPath = FieldPath.of('spec');

function validateTaints(taints: readonly Loose<corev1.Taint>[] | undefined, found: Findings): void {
  const seen = new Set<string>();
  list(taints).forEach((taint, i) => {
    const at = specPath.child('taints').index(i);
    const { key = '', value = '', effect } = taint;
    qualifiedName(key, at.child('key'), found);
    labelValue(value, at.child('value'), found);
    if (present(effect, at.child('effect'), found)) supported(effect, taintEffects, at.child('effect'), found);
    const identity = `${key}:${effect ?? ''}`;
    if (seen.has(identity)) found.push(fieldErrors.duplicate(at, taint));
    seen.add(identity);
  });
}

function validateCidrs({ podCIDRs }: Loose<corev1.NodeSpec>, before: readonly string[], found: Findings): void {
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

/** Of a node's spec only its taints and whether it takes pods may change; what is filled in later, once. */
function change({ spec = {} }: Node, { spec: old = {} }: Node): Findings {
  const found: Findings = [];
  if (list(old.podCIDRs).length > 0 && !semanticEqual(spec.podCIDRs, old.podCIDRs))
    found.push(fieldErrors.forbidden(specPath.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  if (old.providerID && spec.providerID !== old.providerID)
    found.push(fieldErrors.forbidden(specPath.child('providerID'), 'node updates may not change providerID except from "" to valid'));
  const mutable = ['podCIDR', 'podCIDRs', 'providerID', 'taints', 'unschedulable', 'configSource'] as const;
  if (!semanticEqual(omit(spec, ...mutable), omit(old, ...mutable)))
    found.push(fieldErrors.forbidden('[]', 'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)'));
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
    validateCidrs(node.spec ?? {}, list(old?.spec?.podCIDRs), found);
    return found;
  },
  change,
  status(node) {
    const found: Findings = [];
    validateAmounts(node.status, found);
    validateAddresses(node, found);
    return found;
  },
});
