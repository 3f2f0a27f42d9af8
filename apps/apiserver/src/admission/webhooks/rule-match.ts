import type { admissionregistrationv1 } from '@navarch/api';
import type { AdmissionAttributes } from '../../pipeline';
import type { RequestVersion } from '../request-versions';

export type Rule = admissionregistrationv1.RuleWithOperations;

const includes = (values: readonly string[] | undefined, value: string): boolean => values?.some((one) => one === '*' || one === value) ?? false;

/** Such as pods, pods/log, or stars for either part: a star alone means no subresource. */
function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  const [name = '', sub = ''] = pattern.split('/', 2);
  return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
}

function scopeMatches(scope: string | undefined, namespaced: boolean): boolean {
  return scope === undefined || scope === '*' || (scope === 'Namespaced') === namespaced;
}

/** Whether a rule is about this write, seen in one version. */
export function ruleMatches(
  { operations, apiGroups, apiVersions, resources, scope }: Rule,
  { operation, subresource, namespaced, group: ownGroup, resource: ownResource }: AdmissionAttributes,
  { group, version, resource }: RequestVersion,
): boolean {
  // A Namespace carries its own name as its namespace, and lies in none.
  const within = namespaced && !(ownGroup === '' && ownResource === 'namespaces');
  return (
    includes(operations, operation) &&
    includes(apiGroups, group) &&
    includes(apiVersions, version) &&
    scopeMatches(scope, within) &&
    (resources?.some((pattern) => resourceMatches(pattern, resource, subresource)) ?? false)
  );
}

/** The version in which a webhook wants to see a write: the client's if a rule names it, else (unless it wants exact matches) an equivalent one. */
export function matchedVersion(rules: readonly Rule[], matchPolicy: string, attributes: AdmissionAttributes, versions: readonly RequestVersion[]): RequestVersion | undefined {
  const candidates = matchPolicy === 'Exact' ? versions.slice(0, 1) : versions;
  return candidates.find((version) => rules.some((rule) => ruleMatches(rule, attributes, version)));
}
