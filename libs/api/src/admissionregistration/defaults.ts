import type { admissionregistrationv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Webhook = Loose<admissionregistrationv1.ValidatingWebhook> | Loose<admissionregistrationv1.MutatingWebhook>;

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  for (const rule of list(webhook.rules)) rule.scope ??= '*';
}

export function defaultValidatingWebhooks(configuration: Loose<admissionregistrationv1.ValidatingWebhookConfiguration>): void {
  for (const webhook of list(configuration.webhooks)) defaultWebhook(webhook);
}

export function defaultMutatingWebhooks(configuration: Loose<admissionregistrationv1.MutatingWebhookConfiguration>): void {
  for (const webhook of list(configuration.webhooks)) {
    defaultWebhook(webhook);
    webhook.reinvocationPolicy ??= 'Never';
  }
}

function defaultMatchResources(match: Loose<admissionregistrationv1.MatchResources> | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...list(match.resourceRules), ...list(match.excludeResourceRules)]) rule.scope ??= '*';
}

export function defaultValidatingPolicy(policy: Loose<admissionregistrationv1.ValidatingAdmissionPolicy>): void {
  const spec = (policy.spec ??= {});
  policy.status ??= {};
  spec.failurePolicy ??= 'Fail';
  defaultMatchResources(spec.matchConstraints);
}

export function defaultMutatingPolicy(policy: Loose<admissionregistrationv1.MutatingAdmissionPolicy>): void {
  const spec = (policy.spec ??= {});
  spec.failurePolicy ??= 'Fail';
  defaultMatchResources(spec.matchConstraints);
}

type Binding = Loose<admissionregistrationv1.ValidatingAdmissionPolicyBinding> | Loose<admissionregistrationv1.MutatingAdmissionPolicyBinding>;

export function defaultPolicyBinding(binding: Binding): void {
  const spec: NonNullable<Binding['spec']> = (binding.spec ??= {});
  defaultMatchResources(spec.matchResources);
}

const group = 'admissionregistration.k8s.io';

export const admissionregistrationDefaults: Defaulters = {
  [`${group}/v1/ValidatingWebhookConfiguration`]: defaulter(defaultValidatingWebhooks),
  [`${group}/v1/MutatingWebhookConfiguration`]: defaulter(defaultMutatingWebhooks),
  [`${group}/v1/ValidatingAdmissionPolicy`]: defaulter(defaultValidatingPolicy),
  [`${group}/v1/ValidatingAdmissionPolicyBinding`]: defaulter(defaultPolicyBinding),
  ...Object.fromEntries(
    ['v1', 'v1beta1', 'v1alpha1'].flatMap((version) => [
      [`${group}/${version}/MutatingAdmissionPolicy`, defaulter(defaultMutatingPolicy)],
      [`${group}/${version}/MutatingAdmissionPolicyBinding`, defaulter(defaultPolicyBinding)],
    ]),
  ),
};
