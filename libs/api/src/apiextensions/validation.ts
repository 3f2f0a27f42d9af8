import { dns1035LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { apiextensionsv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { choice, type Findings, immutable, present, refuse } from '../validation/rules';

type Definition = Loose<apiextensionsv1.CustomResourceDefinition>;
type Version = Loose<apiextensionsv1.CustomResourceDefinitionVersion>;

const specPath = FieldPath.of('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

function validateNames(names: Loose<apiextensionsv1.CustomResourceDefinitionNames>, found: Findings): void {
  const path = specPath.child('names');
  const label = (value: string, at: FieldPath): void => refuse(dns1035LabelMessages(value), value, at, found);
  if (present(names.plural, path.child('plural'), found)) label(names.plural, path.child('plural'));
  if (present(names.singular, path.child('singular'), found)) label(names.singular, path.child('singular'));
  if (present(names.kind, path.child('kind'), found)) refuse(dns1035LabelMessages(names.kind.toLowerCase()).map((message) => `may have mixed case, but should otherwise match: ${message}`), names.kind, path.child('kind'), found);
  if (present(names.listKind, path.child('listKind'), found))
    refuse(dns1035LabelMessages(names.listKind.toLowerCase()).map((message) => `may have mixed case, but should otherwise match: ${message}`), names.listKind, path.child('listKind'), found);
  list(names.shortNames).forEach((name, i) => label(name, path.child('shortNames').index(i)));
  list(names.categories).forEach((name, i) => label(name, path.child('categories').index(i)));
  if (names.kind && names.kind === names.listKind) found.push(fieldErrors.invalid(path.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
}

function validateVersion(version: Version, preserves: boolean, path: FieldPath, found: Findings): void {
  const { name = '', schema, additionalPrinterColumns, subresources } = version;
  refuse(dns1035LabelMessages(name), name, path.child('name'), found);
  if (!schema?.openAPIV3Schema) found.push(fieldErrors.required(path.child('schema', 'openAPIV3Schema'), 'schemas are required'));
  else if (!preserves && schema.openAPIV3Schema.type !== 'object')
    found.push(schema.openAPIV3Schema.type
      ? fieldErrors.invalid(path.child('schema', 'openAPIV3Schema', 'type'), schema.openAPIV3Schema.type, 'must be object at the root')
      : fieldErrors.required(path.child('schema', 'openAPIV3Schema', 'type'), 'must not be empty at the root'));
  list(additionalPrinterColumns).forEach(({ name: columnName, type, jsonPath }, i) => {
    const at = path.child('additionalPrinterColumns').index(i);
    present(columnName, at.child('name'), found);
    choice(type, columnTypes, at.child('type'), found);
    present(jsonPath, at.child('jsonPath'), found);
  });
  const scale = subresources?.scale;
  if (!scale) return;
  const at = path.child('subresources', 'scale');
  if (present(scale.specReplicasPath, at.child('specReplicasPath'), found) && !scale.specReplicasPath.startsWith('.spec.'))
    found.push(fieldErrors.invalid(at.child('specReplicasPath'), scale.specReplicasPath, 'should be a json path under .spec'));
  if (present(scale.statusReplicasPath, at.child('statusReplicasPath'), found) && !scale.statusReplicasPath.startsWith('.status.'))
    found.push(fieldErrors.invalid(at.child('statusReplicasPath'), scale.statusReplicasPath, 'should be a json path under .status'));
}

function validateConversion({ conversion }: Loose<apiextensionsv1.CustomResourceDefinitionSpec>, found: Findings): void {
  const path = specPath.child('conversion');
  choice(conversion?.strategy, ['None', 'Webhook'], path.child('strategy'), found);
  if (conversion?.strategy === 'None' && conversion.webhook) found.push(fieldErrors.forbidden(path.child('webhook'), 'should not be set when strategy is not set to Webhook'));
  if (conversion?.strategy !== 'Webhook') return;
  if (!conversion.webhook?.clientConfig) found.push(fieldErrors.required(path.child('webhook', 'clientConfig'), 'required when strategy is set to Webhook'));
  if (list(conversion.webhook?.conversionReviewVersions).length === 0) found.push(fieldErrors.required(path.child('webhook', 'conversionReviewVersions')));
}

/** Groups that the community protects. */
const isProtected = (group: string): boolean => group === 'k8s.io' || group.endsWith('.k8s.io') || group === 'kubernetes.io' || group.endsWith('.kubernetes.io');
const approval = 'api-approved.kubernetes.io';

function content({ metadata, spec = {}, status }: Definition, old: Definition | undefined): Findings {
  const found: Findings = [];
  const { group = '', names = {}, versions, scope } = spec;
  const wanted = `${names.plural ?? ''}.${group}`;
  if ((metadata?.name ?? '') !== wanted) found.push(fieldErrors.invalid(FieldPath.of('metadata', 'name'), metadata?.name ?? '', `must be spec.names.plural+"."+spec.group`));
  if (old === undefined && isProtected(group) && !metadata?.annotations?.[approval])
    found.push(fieldErrors.required(FieldPath.of('metadata', 'annotations').key(approval), 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'));
  if (present(group, specPath.child('group'), found)) {
    refuse(dns1123SubdomainMessages(group), group, specPath.child('group'), found);
    if (group.split('.').length < 2) found.push(fieldErrors.invalid(specPath.child('group'), group, 'should be a domain with at least one dot'));
  }
  choice(scope, ['Cluster', 'Namespaced'], specPath.child('scope'), found);
  const all = list(versions);
  const seen = new Set<string>();
  all.forEach((version, i) => {
    const at = specPath.child('versions').index(i);
    validateVersion(version, spec.preserveUnknownFields ?? false, at, found);
    if (seen.has(version.name ?? '')) found.push(fieldErrors.invalid(specPath.child('versions'), version.name ?? '', 'must contain unique version names'));
    seen.add(version.name ?? '');
  });
  if (spec.preserveUnknownFields && old === undefined)
    found.push(fieldErrors.invalid(specPath.child('preserveUnknownFields'), true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'));
  if (all.filter(({ storage }) => storage).length !== 1) found.push(fieldErrors.invalid(specPath.child('versions'), versions ?? null, 'must have exactly one version marked as storage version'));
  validateNames(names, found);
  validateConversion(spec, found);
  for (const stored of list(status?.storedVersions))
    if (!seen.has(stored)) found.push(fieldErrors.invalid(FieldPath.of('status', 'storedVersions').index(list(status?.storedVersions).indexOf(stored)), stored, 'missing from spec.versions; '
      + `${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`));
  return found;
}

function change({ spec }: Definition, { spec: old, status }: Definition): Findings {
  const found: Findings = [];
  immutable(spec?.group, old?.group, specPath.child('group'), found);
  const established = list(status?.conditions).some((condition) => condition.type === 'Established' && condition.status === 'True');
  if (!established) return found;
  immutable(spec?.scope, old?.scope, specPath.child('scope'), found);
  immutable(spec?.names?.kind, old?.names?.kind, specPath.child('names', 'kind'), found);
  immutable(spec?.names?.plural, old?.names?.plural, specPath.child('names', 'plural'), found);
  return found;
}

/** By `<group>/<kind>`; what the schemas themselves say is checked where custom resources are served. */
export const apiextensionsValidation: Readonly<Record<string, ContentRules>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': contentRules<Definition>({ content, change }),
};
