import { dns1035LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { admissionregistrationv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { validateConditions } from '../validation/conditions';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, oneOf, present, refuse } from '../validation/rules';
import { validateRule } from './rule';
import { harmless, reviewVersions, selectorFields, type Tolerated, toleratedOf, type Webhook } from './tolerated';
import { validateWebhookAddress } from './webhook-address';

/** Once allowed, and still to be met. */
const allSideEffects = [...harmless, 'Some', 'Unknown'];

/** Says one thing only, the first that is wrong. */
function fullyQualified(name: string, path: FieldPath, found: Findings): void {
  const [wrong, ...more] = dns1123SubdomainMessages(name);
  if (!present(name, path, found)) return;
  if (wrong !== undefined) found.push(fieldErrors.invalid(path, name, [wrong, ...more].join(',')));
  else if (name.split('.').length < 3) found.push(fieldErrors.invalid(path, name, 'should be a domain with at least three segments separated by dots'));
}

function validateWebhook(webhook: Webhook, path: FieldPath, tolerated: Tolerated, found: Findings): void {
  const { name = '', timeoutSeconds, sideEffects } = webhook;
  fullyQualified(name, path.child('name'), found);
  list(webhook.rules).forEach((rule, i) => validateRule(rule, path.child('rules').index(i), found));
  if (webhook.failurePolicy !== undefined) oneOf(webhook.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), found);
  if (webhook.matchPolicy !== undefined) oneOf(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), found);
  const effects = tolerated.sideEffects ? allSideEffects : harmless;
  if (sideEffects === undefined) found.push(fieldErrors.required(path.child('sideEffects'), `must specify one of ${effects.join(', ')}`));
  else if (!effects.includes(sideEffects)) found.push(fieldErrors.notSupported(path.child('sideEffects'), sideEffects, effects));
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1))
    found.push(fieldErrors.invalid(path.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'));
  if (webhook.reinvocationPolicy !== undefined) oneOf(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), found);
  for (const field of selectorFields)
    found.push(...validateLabelSelector(webhook[field] as LabelSelector | undefined, path.child(field), { anyValues: tolerated.labelValues }));
  validateWebhookAddress(webhook.clientConfig, path.child('clientConfig'), found);
  const versions = list(webhook.admissionReviewVersions);
  const at = path.child('admissionReviewVersions');
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) found.push(fieldErrors.invalid(at.index(i), version, 'duplicate version'));
    else refuse(dns1035LabelMessages(version), version, at.index(i), found);
  });
  if (versions.length === 0) found.push(fieldErrors.required(at, `must specify one of ${reviewVersions.join(', ')}`));
  else if (!tolerated.reviewVersions && !versions.some((version) => reviewVersions.includes(version))) found.push(fieldErrors.invalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
}

const webhooks = contentRules<Loose<{ webhooks: admissionregistrationv1.MutatingWebhook[] }>>({
  content({ webhooks: all }, old) {
    const found: Findings = [];
    const tolerated = toleratedOf(list(old?.webhooks));
    const names = new Set<string>();
    list(all).forEach((webhook, i) => {
      const at = FieldPath.of('webhooks').index(i);
      validateWebhook(webhook, at, tolerated, found);
      const { name = '' } = webhook;
      if (name !== '' && names.has(name) && !tolerated.repeatedNames) found.push(fieldErrors.duplicate(at.child('name'), name));
      names.add(name);
    });
    return found;
  },
});

/** What they say is looked into where expressions are known, in upstream's words; the schema would say less. */
const checkedElsewhere: ContentRules = { content: () => [] };

/** The controller that checks types tells what it found. */
const validatingPolicy = contentRules<Loose<admissionregistrationv1.ValidatingAdmissionPolicy>>({
  content: () => [],
  status({ status = {} }) {
    const found: Findings = [];
    const path = FieldPath.of('status');
    list(status.typeChecking?.expressionWarnings).forEach(({ warning, fieldRef = '' }, i) => {
      const at = path.child('typeChecking', 'expressionWarnings').index(i);
      present(warning, at.child('warning'), found);
      present(fieldRef.trim(), at.child('fieldRef'), found);
    });
    validateConditions(status.conditions, path.child('conditions'), found);
    return found;
  },
});

/** By `<group>/<kind>`. */
export const admissionregistrationValidation: Readonly<Record<string, ContentRules>> = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': checkedElsewhere,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': checkedElsewhere,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingPolicy,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': checkedElsewhere,
};
