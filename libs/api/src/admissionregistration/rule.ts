import { fieldErrors, type FieldPath, pathSegmentNameMessages } from '@navarch/apimachinery';
import type { admissionregistrationv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type Findings, oneOf, present, refuse } from '../validation/rules';

// Which requests a webhook or a policy is asked about. Mirrors pkg/apis/admissionregistration/validation.

type Rule = Loose<admissionregistrationv1.NamedRuleWithOperations>;

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** Each is given, and `*` stands alone. */
function validateWords(values: readonly string[], what: string, path: FieldPath, found: Findings): void {
  if (values.length === 0) found.push(fieldErrors.required(path));
  if (values.length > 1 && values.includes('*')) found.push(fieldErrors.invalid(path, values, `if '*' is present, must not specify other ${what}`));
}

/** Resources with their subresources; nothing is named twice, by itself and by a wildcard. */
function validateResources(resources: readonly string[], path: FieldPath, found: Findings): void {
  if (resources.length === 0) found.push(fieldErrors.required(path));
  /** Resources named with all their subresources, and subresources named for all resources. */
  const [whole, everywhere] = [new Set<string>(), new Set<string>()];
  let last = '';
  resources.forEach((text, i) => {
    present(text, path.index(i), found);
    const slash = text.indexOf('/');
    if (slash < 0) {
      last = text;
      return;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (whole.has(resource)) found.push(fieldErrors.invalid(path.index(i), text, `if '${resource}/*' is present, must not specify ${text}`));
    if (everywhere.has(subresource)) found.push(fieldErrors.invalid(path.index(i), text, `if '*/${subresource}' is present, must not specify ${text}`));
    if (subresource === '*') whole.add(resource);
    if (resource === '*') everywhere.add(subresource);
  });
  if (resources.length > 1 && resources.includes('*/*')) found.push(fieldErrors.invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  // As upstream, which looks at the last resource without a subresource only.
  if (resources.includes('*') && last !== '*') found.push(fieldErrors.invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
}

export function validateRule(rule: Rule, path: FieldPath, found: Findings): void {
  validateWords(list(rule.operations), 'operations', path.child('operations'), found);
  list(rule.operations).forEach((operation, i) => oneOf(operation, operations, path.child('operations').index(i), found));
  validateWords(list(rule.apiGroups), 'API groups', path.child('apiGroups'), found);
  validateWords(list(rule.apiVersions), 'API versions', path.child('apiVersions'), found);
  list(rule.apiVersions).forEach((version, i) => present(version, path.child('apiVersions').index(i), found));
  validateResources(list(rule.resources), path.child('resources'), found);
  if (rule.scope !== undefined) oneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope'), found);
}

/** A policy's rule, which may name objects. */
export function validateNamedRule(rule: Rule, path: FieldPath, found: Findings): void {
  const names = list(rule.resourceNames);
  names.forEach((name, i) => {
    const at = path.child('resourceNames').index(i);
    refuse(pathSegmentNameMessages(name), name, at, found);
    if (names.indexOf(name) < i) found.push(fieldErrors.duplicate(at, name));
  });
  validateRule(rule, path, found);
}
