import { dns1035LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { validateWebhookAddress } from '../admissionregistration/webhook-address';
import type { apiextensionsv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { choice, type Findings, immutable, present, refuse } from '../validation/rules';
import { caBundleProblem } from './ca-bundle';
import { formatWarnings } from './format-warnings';
import { versionParts } from './version-parts';

type Definition = Loose<apiextensionsv1.CustomResourceDefinition>;
type Version = Loose<apiextensionsv1.CustomResourceDefinitionVersion>;

const specPath = FieldPath.of('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const reviewVersions = ['v1', 'v1beta1'];

function validateNames(names: Loose<apiextensionsv1.CustomResourceDefinitionNames>, found: Findings): void {
  const path = specPath.child('names');
  const label = (value: string, at: FieldPath): void => refuse(dns1035LabelMessages(value), value, at, found);
  if (present(names.plural, path.child('plural'), found)) label(names.plural, path.child('plural'));
  if (present(names.singular, path.child('singular'), found)) label(names.singular, path.child('singular'));
  if (present(names.kind, path.child('kind'), found)) {
    refuse(
      dns1035LabelMessages(names.kind.toLowerCase()).map((message) => `may have mixed case, but should otherwise match: ${message}`),
      names.kind,
      path.child('kind'),
      found,
    );
  }
  if (present(names.listKind, path.child('listKind'), found))
    refuse(dns1035LabelMessages(names.listKind.toLowerCase()).map((message) => `may have mixed case, but should otherwise match: ${message}`), names.listKind, path.child('listKind'), found);
  list(names.shortNames).forEach((name, i) => label(name, path.child('shortNames').index(i)));
  list(names.categories).forEach((name, i) => label(name, path.child('categories').index(i)));
  if (names.kind && names.kind === names.listKind) found.push(fieldErrors.invalid(path.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
}

function validateParts(versions: readonly Version[], preserves: boolean, found: Findings): void {
  for (const { version: { schema }, path } of versionParts(versions, 'schema')) {
    const at = path.child('openAPIV3Schema', 'type');
    const root = schema?.openAPIV3Schema;
    if (root && !preserves && root.type !== 'object') {
      found.push(root.type ? fieldErrors.invalid(at, root.type, 'must be object at the root') : fieldErrors.required(at, 'must not be empty at the root'));
    }
  }
  for (const { version: { additionalPrinterColumns }, path } of versionParts(versions, 'additionalPrinterColumns'))
    list(additionalPrinterColumns).forEach((column, i) => validateColumn(column, path.index(i), found));
  for (const { version: { subresources }, path } of versionParts(versions, 'subresources'))
    if (subresources?.scale) validateScale(subresources.scale, path.child('scale'), found);
}

function validateColumn({ name, type, format, jsonPath }: Loose<apiextensionsv1.CustomResourceColumnDefinition>, path: FieldPath, found: Findings): void {
  present(name, path.child('name'), found);
  const typeDetail = `must be one of ${columnTypes.join(',')}`;
  if (present(type, path.child('type'), found, typeDetail) && !columnTypes.includes(type)) found.push(fieldErrors.invalid(path.child('type'), type, typeDetail));
  if (format && !columnFormats.includes(format)) found.push(fieldErrors.invalid(path.child('format'), format, `must be one of ${columnFormats.join(',')}`));
  present(jsonPath, path.child('JSONPath'), found);
}

/** A path to the numbers that scaling is about; `where` says where it may lead. */
function validateScalePath(text: string, roots: readonly string[], where: string, path: FieldPath, found: Findings): void {
  if (!text.startsWith('.')) found.push(fieldErrors.invalid(path, text, 'must be a simple json path starting with .'));
  else if (!roots.some((root) => text.startsWith(root))) found.push(fieldErrors.invalid(path, text, `should be a json path under ${where}`));
}

function validateScale({ specReplicasPath, statusReplicasPath, labelSelectorPath }: Loose<apiextensionsv1.CustomResourceSubresourceScale>, path: FieldPath, found: Findings): void {
  if (present(specReplicasPath, path.child('specReplicasPath'), found)) validateScalePath(specReplicasPath, ['.spec.'], '.spec', path.child('specReplicasPath'), found);
  if (present(statusReplicasPath, path.child('statusReplicasPath'), found)) validateScalePath(statusReplicasPath, ['.status.'], '.status', path.child('statusReplicasPath'), found);
  if (labelSelectorPath) validateScalePath(labelSelectorPath, ['.spec.', '.status.'], 'either .spec or .status', path.child('labelSelectorPath'), found);
}

const isRecognized = (version: string): boolean => reviewVersions.includes(version);

function validateReviewVersions(versions: readonly string[], needsRecognized: boolean, path: FieldPath, found: Findings): void {
  if (versions.length === 0) {
    found.push(fieldErrors.required(path));
    return;
  }
  versions.forEach((version, i) => {
    if (versions.indexOf(version) !== i) found.push(fieldErrors.invalid(path.index(i), version, 'duplicate version'));
    else refuse(dns1035LabelMessages(version), version, path.index(i), found);
  });
  if (needsRecognized && !versions.some(isRecognized)) found.push(fieldErrors.invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`));
}

/** A definition may come with certificates that are filled in later; once it is established, good ones stay good. */
function needsCaBundle(old: Definition | undefined): boolean {
  const established = list(old?.status?.conditions).some(({ type, status }) => type === 'Established' && status === 'True');
  return established && caBundleProblem(old?.spec?.conversion?.webhook?.clientConfig?.caBundle) === undefined;
}

/** In what it reports, upstream names the fields as its internal type does. */
function validateConversion({ conversion }: Loose<apiextensionsv1.CustomResourceDefinitionSpec>, old: Definition | undefined, found: Findings): void {
  const path = specPath.child('conversion');
  const config = conversion?.webhook?.clientConfig;
  const versions = list(conversion?.webhook?.conversionReviewVersions);
  choice(conversion?.strategy, ['None', 'Webhook'], path.child('strategy'), found);
  if (conversion?.strategy !== 'Webhook') {
    if (config) found.push(fieldErrors.forbidden(path.child('webhookClientConfig'), 'should not be set when strategy is not set to Webhook'));
    if (versions.length > 0) found.push(fieldErrors.forbidden(path.child('conversionReviewVersions'), 'should not be set when strategy is not set to Webhook'));
    return;
  }
  if (config) validateWebhookAddress(config, path.child('webhookClientConfig'), found);
  else found.push(fieldErrors.required(path.child('webhookClientConfig'), 'required when strategy is set to Webhook'));
  const problem = needsCaBundle(old) ? caBundleProblem(config?.caBundle) : undefined;
  if (problem !== undefined) found.push(fieldErrors.invalid(path.child('webhookClientConfig', 'caBundle'), config?.caBundle, problem));
  // What an old definition lives with is not held against a change of it.
  const before = list(old?.spec?.conversion?.webhook?.conversionReviewVersions);
  validateReviewVersions(versions, before.length === 0 || before.some(isRecognized), path.child('conversionReviewVersions'), found);
}

/** Groups that the community protects. */
const isProtected = (group: string): boolean => group === 'k8s.io' || group.endsWith('.k8s.io') || group === 'kubernetes.io' || group.endsWith('.kubernetes.io');
const approval = 'api-approved.kubernetes.io';
const moreOnApproval = 'see https://github.com/kubernetes/enhancements/pull/1111';
type Approval = 'approved' | 'bypassed' | 'invalid' | 'missing';

/** Mirrors pkg/apihelpers/helpers.go, GetAPIApprovalState. */
function approvalOf(annotation = ''): Approval {
  if (annotation === '') return 'missing';
  if (annotation.startsWith('unapproved')) return 'bypassed';
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]/.test(annotation) && URL.canParse(annotation) ? 'approved' : 'invalid';
}

/** A definition in a protected group says who approved it. What was so before is let be. */
function validateApproval({ metadata, spec }: Definition, old: Definition | undefined, found: Findings): void {
  const text = metadata?.annotations?.[approval];
  const state = approvalOf(text);
  if (!isProtected(spec?.group ?? '') || (old && approvalOf(old.metadata?.annotations?.[approval]) === state)) return;
  const at = FieldPath.of('metadata', 'annotations').key(approval);
  if (state === 'missing') found.push(fieldErrors.required(at, `protected groups must have approval annotation "${approval}", ${moreOnApproval}`));
  if (state === 'invalid') {
    found.push(
      fieldErrors.invalid(
        at,
        text,
        `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${moreOnApproval}`,
      ),
    );
  }
}

/** Why a warning that a version is deprecated cannot be one. */
function deprecationProblems({ deprecated, deprecationWarning: text }: Version): string[] {
  if (text === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const unprintable = Array.from(text).find((character) => !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character));
  return [
    ...(Buffer.byteLength(text) > 256 ? ['must be <= 256 characters long'] : []),
    ...(text === '' ? ['must not be an empty string'] : []),
    ...(unprintable === undefined ? [] : [`must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, text.indexOf(unprintable)))}`]),
  ];
}

function content(definition: Definition, old: Definition | undefined): Findings {
  const found: Findings = [];
  const { metadata, spec = {}, status } = definition;
  const { group = '', names = {}, versions, scope } = spec;
  const wanted = `${names.plural ?? ''}.${group}`;
  if ((metadata?.name ?? '') !== wanted) found.push(fieldErrors.invalid(FieldPath.of('metadata', 'name'), metadata?.name ?? '', `must be spec.names.plural+"."+spec.group`));
  validateApproval(definition, old, found);
  if (present(group, specPath.child('group'), found)) {
    refuse(dns1123SubdomainMessages(group), group, specPath.child('group'), found);
    if (group.split('.').length < 2) found.push(fieldErrors.invalid(specPath.child('group'), group, 'should be a domain with at least one dot'));
  }
  choice(scope, ['Cluster', 'Namespaced'], specPath.child('scope'), found);
  const all = list(versions);
  const seen = new Set<string>();
  all.forEach((version, i) => {
    const at = specPath.child('versions').index(i);
    refuse(dns1035LabelMessages(version.name ?? ''), version.name ?? '', at.child('name'), found);
    for (const problem of deprecationProblems(version)) found.push(fieldErrors.invalid(at.child('deprecationWarning'), version.deprecationWarning, problem));
    if (!version.schema?.openAPIV3Schema) found.push(fieldErrors.required(at.child('schema', 'openAPIV3Schema')));
    if (seen.has(version.name ?? '')) found.push(fieldErrors.invalid(specPath.child('versions'), version.name ?? '', 'must contain unique version names'));
    seen.add(version.name ?? '');
  });
  validateParts(all, spec.preserveUnknownFields ?? false, found);
  if (spec.preserveUnknownFields && old?.spec?.preserveUnknownFields !== true)
    found.push(fieldErrors.invalid(specPath.child('preserveUnknownFields'), true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'));
  if (all.filter(({ storage }) => storage).length !== 1) found.push(fieldErrors.invalid(specPath.child('versions'), versions ?? null, 'must have exactly one version marked as storage version'));
  validateNames(names, found);
  validateConversion(spec, old, found);
  for (const stored of list(status?.storedVersions))
    if (!seen.has(stored)) found.push(
      fieldErrors.invalid(
        FieldPath.of('status', 'storedVersions').index(list(status?.storedVersions).indexOf(stored)),
        stored,
        'missing from spec.versions; ' +
          `${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`,
      ),
    );
  return found;
}

function change({ spec }: Definition, { spec: old, status }: Definition): Findings {
  const found: Findings = [];
  immutable(spec?.group, old?.group, specPath.child('group'), found);
  immutable(spec?.names?.plural, old?.names?.plural, specPath.child('names', 'plural'), found);
  const established = list(status?.conditions).some((condition) => condition.type === 'Established' && condition.status === 'True');
  if (!established) return found;
  immutable(spec?.scope, old?.scope, specPath.child('scope'), found);
  immutable(spec?.names?.kind, old?.names?.kind, specPath.child('names', 'kind'), found);
  return found;
}

/** By `<group>/<kind>`; what the schemas themselves say is checked where custom resources are served. */
export const apiextensionsValidation: Readonly<Record<string, ContentRules>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': contentRules<Definition>({ content, change, warnings: formatWarnings }),
};
