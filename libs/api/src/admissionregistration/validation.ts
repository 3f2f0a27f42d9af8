import { dns1123SubdomainMessages, fieldErrors, FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { admissionregistrationv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, portNumber, present, refuse, supported } from '../validation/rules';

type Webhook = Loose<admissionregistrationv1.MutatingWebhook>;
type Rule = Loose<admissionregistrationv1.RuleWithOperations>;

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const reviewVersions = ['v1', 'v1beta1'];

function validateRule(rule: Rule, path: FieldPath, found: Findings): void {
  for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
    const values: readonly string[] = list(rule[field]);
    if (values.length === 0) found.push(fieldErrors.required(path.child(field)));
    if (field !== 'resources' && values.length > 1 && values.includes('*'))
      found.push(fieldErrors.invalid(path.child(field), values, "if '*' is present, must not specify other " + (field === 'operations' ? 'operations' : field === 'apiGroups' ? 'API groups' : 'API versions')));
    values.forEach((value, i) => {
      if (field === 'operations') supported(value, operations, path.child(field).index(i), found);
      else if (value === '' && field !== 'apiGroups') found.push(fieldErrors.required(path.child(field).index(i)));
    });
  }
  supported(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope'), found);
}

/** Where a webhook is reached: by URL, or through a Service. */
function validateClientConfig(config: Loose<admissionregistrationv1.WebhookClientConfig> | undefined, path: FieldPath, found: Findings): void {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) {
    found.push(fieldErrors.required(path, 'exactly one of url or service is required'));
    return;
  }
  if (url !== undefined) {
    const at = path.child('url');
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined) found.push(fieldErrors.required(at, 'url must be a valid URL; desired format: https://host[/path]'));
    else {
      if (parsed.protocol !== 'https:') found.push(fieldErrors.invalid(at, parsed.protocol.replace(/:$/, ''), "'https' is the only allowed URL scheme; desired format: https://host[/path]"));
      if (parsed.username !== '' || parsed.password !== '') found.push(fieldErrors.invalid(at, url, 'user information is not permitted in the URL'));
      if (parsed.search !== '') found.push(fieldErrors.invalid(at, parsed.search.slice(1), 'query parameters are not permitted in the URL'));
    }
    return;
  }
  present(service?.name, path.child('service', 'name'), found, 'service name is required');
  present(service?.namespace, path.child('service', 'namespace'), found, 'service namespace is required');
  if (service?.port !== undefined) portNumber(service.port, path.child('service', 'port'), found);
  if (service?.path !== undefined && !service.path.startsWith('/')) found.push(fieldErrors.invalid(path.child('service', 'path'), service.path, "must start with a '/'"));
}

function validateWebhook(webhook: Webhook, path: FieldPath, found: Findings): void {
  const { name = '', timeoutSeconds, sideEffects } = webhook;
  refuse(dns1123SubdomainMessages(name), name, path.child('name'), found);
  if (name.split('.').length < 3) found.push(fieldErrors.invalid(path.child('name'), name, 'should be a domain with at least three segments separated by dots'));
  list(webhook.rules).forEach((rule, i) => validateRule(rule, path.child('rules').index(i), found));
  supported(webhook.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), found);
  supported(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), found);
  if (sideEffects === undefined) found.push(fieldErrors.required(path.child('sideEffects'), 'must specify one of None, NoneOnDryRun'));
  else if (sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') found.push(fieldErrors.notSupported(path.child('sideEffects'), sideEffects, ['None', 'NoneOnDryRun']));
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1))
    found.push(fieldErrors.invalid(path.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'));
  supported(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), found);
  for (const field of ['namespaceSelector', 'objectSelector'] as const)
    if (webhook[field]) found.push(...validateLabelSelector(webhook[field] as LabelSelector, path.child(field)));
  validateClientConfig(webhook.clientConfig, path.child('clientConfig'), found);
  const versions = list(webhook.admissionReviewVersions);
  const at = path.child('admissionReviewVersions');
  if (versions.length === 0) found.push(fieldErrors.required(at, `must specify one of ${reviewVersions.join(', ')}`));
  else if (!versions.some((version) => reviewVersions.includes(version))) found.push(fieldErrors.invalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
}

const webhooks = contentRules<Loose<{ webhooks: admissionregistrationv1.MutatingWebhook[] }>>({
  content({ webhooks: all }) {
    const found: Findings = [];
    const names = new Set<string>();
    list(all).forEach((webhook, i) => {
      const at = FieldPath.of('webhooks').index(i);
      validateWebhook(webhook, at, found);
      const { name = '' } = webhook;
      if (name !== '' && names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
      names.add(name);
    });
    return found;
  },
});

/** By `<group>/<kind>`. */
export const admissionregistrationValidation: Readonly<Record<string, ContentRules>> = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
};
